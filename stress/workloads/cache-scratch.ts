/**
 * cache-scratch: passive false sharing. Worker 0 allocates one tiny block for each Worker, one right after the other,
 * and each Worker frees its own; an allocator that gives such a block back to the Worker that freed it keeps several
 * Workers writing in one cache line. A test of placement: nearly all time goes into writing.
 *
 * E. Berger, K. McKinley, R. Blumofe, P. Wilson, "Hoard", ASPLOS 2000.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { BLOCK_BYTES, hammer } from "./cache-lines.ts";
import type { Workload } from "./workload.ts";

interface Shared {
  readonly blocks: BlockTable;
  /** For each Worker the address of the block that it gets. */
  readonly handedOut: Float64Array;
}

export const cacheScratch: Workload<Shared> = {
  name: "cache-scratch",
  summary: "passive false sharing: neighbouring tiny blocks handed to different Workers",

  prepare: ({ workers }) => ({
    blocks: createBlockTable(0),
    handedOut: new Float64Array(new SharedArrayBuffer(workers * 8)),
  }),

  run(context, { blocks, handedOut }) {
    const heap = context.heapOver(blocks);
    do {
      if (context.worker === 0) {
        for (let worker = 0; worker < context.seats; worker++)
          handedOut[worker] = heap.mallocOwn(BLOCK_BYTES);
      }
      context.seat.meet();
      heap.freeOwn(handedOut[context.worker]!, BLOCK_BYTES);
      hammer(context, heap);
    } while (context.seat.goOn());
    return "finished";
  },
};
