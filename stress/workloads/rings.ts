/**
 * What sh6bench and sh8bench have in common: rings of slots that are filled in order and of which two thirds are freed,
 * in an order that differs from round to round. Both are stand-ins of our own, made from the published properties of
 * the MicroQuill programs; they claim no equality with them.
 */
import type { Heap } from "./heap.ts";

export const RING_SLOTS = 10_000;

/** Slots to be freed, for the three kinds of rounds: first thirds forwards, last thirds backwards, outer thirds. */
export function freeingOrders(): readonly Int32Array[] {
  const third = Math.floor(RING_SLOTS / 3);
  const span = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i);
  return [
    span(0, 2 * third),
    span(third, RING_SLOTS).reverse(),
    [...span(0, third), ...span(2 * third, RING_SLOTS).reverse()],
  ].map((slots) => Int32Array.from(slots));
}

/** Allocates and writes first and last byte. */
export function fillSlot(heap: Heap, block: number, size: number, tag: number): void {
  heap.malloc(block, size, tag);
  heap.write(block, 0, 1, tag & 255);
  heap.write(block, size - 1, 1, tag & 255);
}
