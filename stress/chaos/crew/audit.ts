/**
 * The comparison of the heap with the table of blocks, while nobody works. Each block of the table must be in use, with
 * its pattern whole; each block in use must stand in the table or be explained by a death: it was in the hands of a
 * Worker when that died, and is freed now.
 */
import { residentBytesIn } from "../../../native/mappings.ts";
import type { BlockTable } from "../../oracle/block-table.ts";
import { Fault, hex } from "../../oracle/fault.ts";
import type { Pattern } from "../../oracle/pattern.ts";
import type { Shadow } from "../../oracle/shadow.ts";
import type { HeapFigures, InspectedBlock, Subject } from "../subjects/subject.ts";
import type { Doubt, Estate } from "./estate.ts";

export interface AuditFigures {
  readonly liveBlocks: number;
  /** In use by nobody because of a death inside the allocator; freed now. */
  readonly inFlight: number;
  /** These three since the run began. */
  readonly takeovers: number;
  readonly rebuilds: number;
  readonly adoptions: number;
  /** After a trim. */
  readonly committedBytes: number;
  /** Of the heap's first window, after a trim, and of the blocks with a mapping of their own, which are written whole. */
  readonly heapResidentBytes: number;
}

/** An owner that the heap does not tell, or does not know any more. */
const UNKNOWN = 0;
/** How long ended threads may count as attached. */
const FAREWELL_MS = 5000;

export class Audit {
  /** Attached before the crew: the auditor, and whoever made the arena. */
  private readonly others: number;
  private readonly before: HeapFigures;

  constructor(
    private readonly subject: Subject,
    private readonly shadow: Shadow,
    private readonly pattern: Pattern,
    private readonly blocks: BlockTable,
  ) {
    this.before = subject.heap.stats();
    const { workers, liveBlocks } = this.before;
    this.others = workers ?? 0;
    if (liveBlocks > 0) throw new Fault("leak", `${liveBlocks} blocks are live before the run`);
  }

  /** Throws a Fault for the first thing that is wrong. `attached`: Workers of the crew that live. */
  look(estate: Estate, attached: number): AuditFigures {
    const { heap, allocator } = this.subject;
    this.awaitEnds(attached);
    const unclaimed = this.compare(heap.blocks());
    heap.check();
    const inFlight = explain(unclaimed, estate);
    for (const { address, size } of estate.held) this.shadow.clear(address, size);
    for (const { pointer } of unclaimed) allocator.free(pointer);
    heap.trim();
    const { liveBlocks, takeovers, rebuilds, adoptions, damaged, committedBytes, largeBytes } = heap.stats();
    if (damaged > this.before.damaged) {
      throw new Fault("content", `${damaged - this.before.damaged} headers or links were found damaged`);
    }
    const known = this.rows();
    if (liveBlocks !== known) {
      throw new Fault("lost", `the heap counts ${liveBlocks} live blocks, the table knows ${known}`);
    }
    const heapResidentBytes = residentBytesIn(heap.windowAddress, heap.windowBytes) + largeBytes;
    return {
      liveBlocks,
      inFlight,
      takeovers: takeovers - this.before.takeovers,
      rebuilds: rebuilds - this.before.rebuilds,
      adoptions: adoptions - this.before.adoptions,
      committedBytes,
      heapResidentBytes,
    };
  }

  /** After the last look: frees everything that the dead and the ended left. Nothing may remain. */
  empty(): void {
    const { heap } = this.subject;
    const { address, size } = this.blocks;
    for (let block = 0; block < address.length; block++) {
      if (address[block] !== 0) this.shadow.clear(address[block]!, size[block]!);
    }
    this.subject.freeAll();
    address.fill(0);
    heap.trim();
    heap.check();
    const { liveBlocks, cachedBlocks, committedBytes } = heap.stats();
    if (liveBlocks !== 0 || committedBytes !== 0) {
      throw new Fault(
        "leak",
        `${liveBlocks} blocks are live, ${cachedBlocks} cached and ${committedBytes} bytes committed after the run`,
      );
    }
    this.subject.allocator.detach();
  }

  /** The runtime tells that a Worker has ended a little before its thread is gone. */
  private awaitEnds(attached: number): void {
    const end = performance.now() + FAREWELL_MS;
    for (;;) {
      const { workers } = this.subject.heap.stats();
      if (workers === null || workers === this.others + attached) return;
      if (performance.now() > end) {
        const expected = `${attached} of the crew and ${this.others} others`;
        throw new Fault("lost", `${workers} Workers count as attached, there are ${expected}`);
      }
      Bun.sleepSync(1);
    }
  }

  /** Returns the blocks in use that the table does not know. */
  private compare(inUse: Iterable<InspectedBlock>): InspectedBlock[] {
    const known = new Map<number, InspectedBlock>();
    for (const block of inUse) {
      if (known.has(block.pointer)) throw new Fault("overlap", `${hex(block.pointer)} is listed twice`);
      known.set(block.pointer, block);
    }
    const { address, size, tag } = this.blocks;
    for (let row = 0; row < address.length; row++) {
      const pointer = address[row]!;
      if (pointer === 0) continue;
      const found = known.get(pointer);
      if (found === undefined || found.byteLength < size[row]!) {
        const what = `block ${row} at ${hex(pointer)} (${size[row]} bytes)`;
        throw new Fault(
          "lost",
          `${what} is ${found ? `${found.byteLength} bytes long` : "not in use"} in the heap`,
        );
      }
      known.delete(pointer);
      const wrong = this.pattern.check(pointer, size[row]!, tag[row]!);
      if (wrong !== null)
        throw new Fault("content", `byte ${wrong.offset} of block ${row} at ${hex(pointer)}`);
    }
    return [...known.values()];
  }

  private rows(): number {
    let rows = 0;
    for (const address of this.blocks.address) if (address !== 0) rows++;
    return rows;
  }
}

/** Finds a death for each block. Returns how many of them were in flight inside the allocator. */
function explain(unclaimed: readonly InspectedBlock[], { held, doubts }: Estate): number {
  const sure = new Set(held.map(({ address }) => address));
  const open = new Set(doubts);
  let inFlight = 0;
  for (const block of unclaimed) {
    if (sure.delete(block.pointer)) continue;
    const doubt = cause(block, doubts, open);
    if (doubt === undefined) {
      const what = `${hex(block.pointer)} (${block.byteLength} bytes, owner ${block.owner})`;
      throw new Fault("lost", `${what} is in use by nobody, and no death explains it`);
    }
    inFlight++;
  }
  const [missing] = sure;
  if (missing !== undefined) {
    throw new Fault("lost", `${hex(missing)}, which a dead Worker held, is not in use any more`);
  }
  return inFlight;
}

/** An old block that was not given back after all, or the one new block that an operation can leave. */
function cause(block: InspectedBlock, doubts: readonly Doubt[], open: Set<Doubt>): Doubt | undefined {
  const old = doubts.find(({ oldAddress }) => oldAddress === block.pointer);
  if (old !== undefined) return old;
  for (const doubt of open) {
    const ownersFit = doubt.owner === UNKNOWN || block.owner === UNKNOWN || doubt.owner === block.owner;
    if (doubt.newSize < 0 || doubt.newSize > block.byteLength || !ownersFit) continue;
    open.delete(doubt);
    return doubt;
  }
  return undefined;
}
