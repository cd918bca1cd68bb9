/** Looking at an arena: statistics and the list of blocks, from one walk over the header chain under the lock. */

import { GRANULE_BYTES, payloadBytes } from "../core/size-classes.ts";
import { spanGranules } from "../core/span-classes.ts";
import { SLOTS } from "../core/tunables.ts";
import type { Pointer } from "../core/types.ts";
import { ownerNumber } from "../death/owners.ts";
import type { Heap, HeapWindow } from "../heap/heap.ts";
import { forEachFreeUnits, isSegment } from "../heap/segments.ts";
import { State, slotOf, stateOf, TAIL_UNKNOWN, tailOf } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import { BlockState } from "../memory/span-table.ts";
import { policies } from "../policies/catalogue.ts";
import { policyText } from "../policies/policy-options.ts";
import { allocatorOf, classOfSpan, stateAt } from "../spans/span.ts";
import { forEachBlock, forEachSpan } from "../spans/walk.ts";

/**
 * Figures of an arena. All sizes are bytes. While other Workers allocate, blocks that are on their way between
 * "in use" and "cached" may be counted as either.
 */
export interface ArenaStats {
  /** With the options that are not at their default. */
  readonly policy: string;
  /** What the policy itself has counted, by name, summed over the windows; most count nothing. */
  readonly policyFigures: Readonly<Record<string, number>>;
  /** Blocks in use, large ones included, and their payloads (at least what was requested). */
  readonly liveBlocks: number;
  readonly liveBytes: number;
  /** Blocks ready in the Workers' caches, and their payloads. */
  readonly cachedBlocks: number;
  readonly cachedBytes: number;
  /** Free blocks, their payloads, and the largest payload among them. */
  readonly freeBlocks: number;
  readonly freeBytes: number;
  readonly largestFreeBytes: number;
  /** Blocks with a mapping of their own, and the bytes of these mappings. */
  readonly largeBlocks: number;
  readonly largeBytes: number;
  /**
   * Such mappings made and ended since the arena was made, and the bytes mapped and unmapped with them. One whose block was
   * freed may be kept for the next block: then it is among those made, and in no other figure here but `committedBytes`.
   */
  readonly mappings: number;
  readonly unmappings: number;
  readonly mappedBytes: number;
  readonly unmappedBytes: number;
  /** Mappings of freed large blocks that are not ended yet: addresses without memory, in no other figure here. */
  readonly parkedMappings: number;
  /** Calls so far by which memory should have gone back and that the system refused: each is tried again. */
  readonly refusedReturns: number;
  /** Calls of the system so far that made memory of windows accessible, and that gave pages of them back. */
  readonly commits: number;
  readonly releases: number;
  /** What counts against `limit`: pages of blocks that were touched and not given back, and large mappings. */
  readonly committedBytes: number;
  readonly peakCommittedBytes: number;
  /** Infinity = no limit. */
  readonly limitBytes: number;
  /** Address space of all windows. */
  readonly reservedBytes: number;
  /** Given back to the system since the arena was made. */
  readonly releasedBytes: number;
  readonly windows: number;
  /** Workers attached and alive. */
  readonly workers: number;
  /** How often caches were filled from the heap and emptied into it. */
  readonly refills: number;
  readonly flushes: number;
  /** Locks taken over from dead Workers, indexes rebuilt, caches of dead Workers adopted. */
  readonly takeovers: number;
  readonly rebuilds: number;
  readonly adoptions: number;
  /** Blocks and mappings that a death or an exception had left between two states, and that were settled. */
  readonly inFlight: number;
  /** Overwritten headers and links that were found. */
  readonly damaged: number;
}

/** A block in use. */
export interface BlockInfo {
  readonly pointer: Pointer;
  /** Bytes that can be used. */
  readonly byteLength: number;
  /** Bytes that were asked for, where they are recorded (the difference is below 31), else `byteLength`. */
  readonly requestedBytes: number;
  /** The attachment that allocated it (`Arena.owner`); 0 = a Worker that has gone and is not known any more. */
  readonly owner: number;
  /** Whether it has a mapping of its own. */
  readonly large: boolean;
}

/** Takes time in proportion to the number of blocks. */
export function collectStats(heap: Held<Heap>): ArenaStats {
  const count = [0, 0, 0, 0];
  const bytes = [0, 0, 0, 0];
  let largestFreeBytes = 0;
  let reservedBytes = 0;
  for (const part of heap.windows) {
    const { space, window } = part;
    reservedBytes += window.byteLength;
    const { words, first, top } = space;
    for (let block = first; block < top; block = space.step(block)) {
      if (isSegment(part, block)) continue;
      const state = stateOf(words[block - 1]!);
      const payload = payloadBytes(space.granules(block));
      count[state] = count[state]! + 1;
      bytes[state] = bytes[state]! + payload;
      if (state === State.free && payload > largestFreeBytes) largestFreeBytes = payload;
    }
    countSpans(part, count, bytes);
  }
  const value = (field: number) => heap.control.doubles[field]!;
  const largeBlocks = value(ControlDouble.largeBlocks);
  let largePayload = 0;
  for (const block of heap.large.entries()) largePayload += block.mappedBytes - block.offset;
  return {
    policy: policyText(policies[heap.geometry.policy]!, heap.geometry.policyChoice),
    policyFigures: sumFigures(heap),
    liveBlocks: count[State.inUse]! + count[State.busy]! + largeBlocks,
    liveBytes: bytes[State.inUse]! + bytes[State.busy]! + largePayload,
    cachedBlocks: count[State.cached]!,
    cachedBytes: bytes[State.cached]!,
    freeBlocks: count[State.free]!,
    freeBytes: bytes[State.free]!,
    largestFreeBytes,
    largeBlocks,
    largeBytes: value(ControlDouble.largeBytes),
    mappings: value(ControlDouble.mappings),
    unmappings: value(ControlDouble.unmappings),
    mappedBytes: value(ControlDouble.mappedBytes),
    unmappedBytes: value(ControlDouble.unmappedBytes),
    parkedMappings: value(ControlDouble.parkedBlocks),
    refusedReturns: value(ControlDouble.refusedReturns),
    commits: value(ControlDouble.commits),
    releases: value(ControlDouble.releases),
    committedBytes: value(ControlDouble.committed),
    peakCommittedBytes: value(ControlDouble.peakCommitted),
    limitBytes: value(ControlDouble.limit),
    reservedBytes,
    releasedBytes: value(ControlDouble.releasedBytes),
    windows: heap.windows.length,
    workers: heap.slots.living(),
    refills: value(ControlDouble.refills),
    flushes: value(ControlDouble.flushes),
    takeovers: value(ControlDouble.takeovers),
    rebuilds: value(ControlDouble.rebuilds),
    adoptions: value(ControlDouble.adoptions),
    inFlight: value(ControlDouble.inFlight),
    damaged: value(ControlDouble.damaged),
  };
}

/** Blocks of spans: what its owner has not collected counts as cached. Units that no span has are free blocks of theirs. */
function countSpans(part: HeapWindow, count: number[], bytes: number[]): void {
  const { spans } = part;
  const add = (state: number, byteLength: number) => {
    count[state] = count[state]! + 1;
    bytes[state] = bytes[state]! + byteLength;
  };
  forEachSpan(spans, (span) => {
    const byteLength = spanGranules[classOfSpan(spans, span)]! * GRANULE_BYTES;
    forEachBlock(spans, span, (granule) => {
      const state = stateAt(spans, granule);
      if (state === BlockState.inUse) add(State.inUse, byteLength);
      else if (state === BlockState.ready || state === BlockState.remote) add(State.cached, byteLength);
      else add(State.free, byteLength);
    });
  });
  forEachFreeUnits(part, (from, end) => add(State.free, (end - from) * 4));
}

function sumFigures(heap: Held<Heap>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { policy } of heap.windows) {
    for (const [name, value] of Object.entries(policy.figures?.() ?? {}))
      sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** Which blocks are wanted. */
export interface BlockFilter {
  /** Only those that this attachment allocated (`Arena.owner`, `BlockInfo.owner`). */
  readonly owner?: number;
}

/** The blocks in use, in the order of the windows and of their addresses, then the large ones. */
export function collectBlocks(heap: Held<Heap>, wanted: number | undefined): BlockInfo[] {
  const found: BlockInfo[] = [];
  const owners = Array.from({ length: SLOTS + 1 }, (_, slot) => ownerNumber(heap, slot));
  for (const { space, spans, window } of heap.windows) {
    forEachSpan(spans, (span) => {
      const byteLength = spanGranules[classOfSpan(spans, span)]! * GRANULE_BYTES;
      forEachBlock(spans, span, (granule) => {
        if (stateAt(spans, granule) !== BlockState.inUse) return;
        const owner = owners[allocatorOf(spans, span, granule)]!;
        if (wanted !== undefined && owner !== wanted) return;
        const pointer = (window.base + granule * GRANULE_BYTES) as Pointer;
        found.push({ pointer, byteLength, requestedBytes: byteLength, owner, large: false });
      });
    });
    const { words, first, top } = space;
    for (let block = first; block < top; block = space.step(block)) {
      const word1 = words[block - 1]!;
      if (stateOf(word1) !== State.inUse) continue;
      const owner = owners[slotOf(word1)]!;
      if (wanted !== undefined && owner !== wanted) continue;
      const byteLength = payloadBytes(space.granules(block));
      const tail = tailOf(word1);
      found.push({
        pointer: window.pointerTo(block),
        byteLength,
        requestedBytes: tail === TAIL_UNKNOWN ? byteLength : byteLength - tail,
        owner,
        large: false,
      });
    }
  }
  for (const { address, mappedBytes, offset, requestedBytes, slot } of heap.large.entries()) {
    const owner = owners[slot]!;
    if (wanted !== undefined && owner !== wanted) continue;
    found.push({
      pointer: address as Pointer,
      byteLength: mappedBytes - offset,
      requestedBytes,
      owner,
      large: true,
    });
  }
  return found;
}
