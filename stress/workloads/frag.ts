/**
 * frag: fragmentation under a hard limit. Twice: 512 blocks of mixed sizes, 6.1 and 4.6 MiB in all, are freed in the
 * order of their allocation, and then one block of 9 MiB must fit. Both side by side would just fit into 16 MiB, and
 * nothing fits a second time unless freed memory is merged or given back. The original limits the address space of
 * its process; here Husky's arena has the limit, and foreign allocators have none.
 *
 * Test program of a university course on computer systems, 2020.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import type { Workload } from "./workload.ts";

const BLOCKS = 512;
const TABLE_BYTES = BLOCKS * 8;
const BIG_BYTES = 9 * 2 ** 20;
const ROUNDS = 2;
/** Numbers of the two blocks that are not small. */
const TABLE = BLOCKS;
const BIG = BLOCKS + 1;
const MIB = 2 ** 20;

/** The sizes of both rounds. */
export function fragSizes(): Int32Array {
  let state = 10;
  return Int32Array.from({ length: ROUNDS * BLOCKS }, () => {
    state = (state * 4091 + 1697) % 65537;
    return [state, state % 101, Math.floor(Math.sqrt(state))][state % 3]!;
  });
}

export const frag: Workload<BlockTable> = {
  name: "frag",
  summary: "many small blocks, then one of 9 MiB, in an arena of 16 MiB",

  seats: () => 1,
  limitBytes: 16 * MIB,
  prepare: () => createBlockTable(BLOCKS + 2),

  run(context, blocks) {
    const heap = context.heapOver(blocks);
    const sizes = fragSizes();
    do {
      for (let round = 0; round < ROUNDS; round++) {
        heap.malloc(TABLE, TABLE_BYTES, round);
        for (let block = 0; block < BLOCKS; block++) {
          const size = sizes[round * BLOCKS + block]!;
          heap.malloc(block, size, block);
          heap.write(block, 0, size, 0x99);
        }
        for (let block = 0; block < BLOCKS; block++) heap.free(block);
        heap.free(TABLE);
        heap.malloc(BIG, BIG_BYTES, round);
        heap.write(BIG, 0, BIG_BYTES, 99);
        heap.free(BIG);
      }
      context.seat.countTurn();
    } while (!context.seat.stopped());
    return "finished";
  },

  result: () => "frag test ok",
};

export const fragTight: Workload<BlockTable> = {
  ...frag,
  name: "frag-tight",
  summary: "frag in an arena of 13 MiB",
  limitBytes: 13 * MIB,
};
