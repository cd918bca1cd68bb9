/**
 * The address of a typed array that stays what it is. A small typed array keeps its elements in the collected heap
 * until somebody asks for its `buffer`; the compiler asks when it treats the array as a constant, and then the
 * elements move and an address taken before dangles. So the buffer is asked for first.
 */
import { ptr } from "bun:ffi";

/** Address of the first byte of a view, valid as long as the view is reachable. */
export function stableAddress(view: NodeJS.TypedArray | DataView): number {
  return view.buffer.byteLength === 0 ? 0 : ptr(view);
}
