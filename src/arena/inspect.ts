/** Looking at an arena: statistics and the list of blocks, from one walk over the header chain under the lock. */
import { State, slotOf, stateOf, TAIL_UNKNOWN, tailOf } from "../block/header.ts";
import { payloadBytes } from "../core/size-classes.ts";
import type { Pointer } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { ControlDouble } from "../memory/layout.ts";
import { policies } from "../policies/catalogue.ts";
import { policyText } from "../policies/policy-options.ts";

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
  /** Such mappings made and ended since the arena was made, and the bytes mapped and unmapped with them. */
  readonly mappings: number;
  readonly unmappings: number;
  readonly mappedBytes: number;
  readonly unmappedBytes: number;
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
  /** Locks taken over from dead Workers, indexes rebuilt, caches of dead Workers adopted, damage found. */
  readonly takeovers: number;
  readonly rebuilds: number;
  readonly adoptions: number;
  readonly damaged: number;
}

export interface BlockInfo {
  readonly pointer: Pointer;
  /** Bytes that can be used. */
  readonly byteLength: number;
  /** Bytes that were asked for, where they are recorded (the difference is below 31), else `byteLength`. */
  readonly requestedBytes: number;
  /** Slot of the Worker that allocated it. */
  readonly owner: number;
  /** Whether it has a mapping of its own. */
  readonly large: boolean;
}

/** Takes time in proportion to the number of blocks. Under the lock. */
export function collectStats(heap: Heap): ArenaStats {
  const count = [0, 0, 0, 0];
  const bytes = [0, 0, 0, 0];
  let largestFreeBytes = 0;
  let reservedBytes = 0;
  for (const { space, window } of heap.windows) {
    reservedBytes += window.byteLength;
    const { words, first, top } = space;
    for (let block = first; block < top; block = space.step(block)) {
      const state = stateOf(words[block - 1]!);
      const payload = payloadBytes(space.granules(block));
      count[state] = count[state]! + 1;
      bytes[state] = bytes[state]! + payload;
      if (state === State.free && payload > largestFreeBytes) largestFreeBytes = payload;
    }
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
    damaged: value(ControlDouble.damaged),
  };
}

function sumFigures(heap: Heap): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { policy } of heap.windows) {
    for (const [name, value] of Object.entries(policy.figures?.() ?? {}))
      sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** The blocks in use, in the order of the windows and of their addresses, then the large ones. Under the lock. */
export function collectBlocks(heap: Heap): BlockInfo[] {
  const found: BlockInfo[] = [];
  for (const { space, window } of heap.windows) {
    const { words, first, top } = space;
    for (let block = first; block < top; block = space.step(block)) {
      const word1 = words[block - 1]!;
      if (stateOf(word1) !== State.inUse) continue;
      const byteLength = payloadBytes(space.granules(block));
      const tail = tailOf(word1);
      found.push({
        pointer: window.pointerTo(block),
        byteLength,
        requestedBytes: tail === TAIL_UNKNOWN ? byteLength : byteLength - tail,
        owner: slotOf(word1),
        large: false,
      });
    }
  }
  for (const { address, mappedBytes, offset, requestedBytes, slot } of heap.large.entries()) {
    found.push({
      pointer: address as Pointer,
      byteLength: mappedBytes - offset,
      requestedBytes,
      owner: slot,
      large: true,
    });
  }
  return found;
}
