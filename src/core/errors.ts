/** The errors this library throws besides `TypeError` and `RangeError` for bad arguments. */

/** What an `InvalidPointerError` found. */
export type PointerFault =
  | "invalid-pointer"
  | "foreign-pointer"
  | "interior-pointer"
  | "double-free"
  | "corrupt-block";

/** What an `ArenaError` found. */
export type ArenaFault =
  | "disposed"
  | "bad-handle"
  | "busy"
  | "corrupt-arena"
  | "too-many-workers"
  | "too-many-arenas";

/** What refused the memory: the arena's own limit, its address space, or the operating system. */
export type MemoryBound = "limit" | "window" | "system";

export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

/** A pointer that does not name a block in use, or a block whose header is damaged. The arena is unchanged. */
export class InvalidPointerError extends Error {
  override readonly name = "InvalidPointerError";
  readonly code: PointerFault;
  /** The pointer, in hexadecimal. */
  readonly address: string;
  /** The function that was called. */
  readonly operation: string;

  constructor(code: PointerFault, operation: string, address: number, detail: string) {
    super(`${operation}: ${code} ${hex(address)}: ${detail}`);
    this.code = code;
    this.operation = operation;
    this.address = hex(address);
  }
}

/** Memory could not be had. The arena is unchanged and usable. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
  readonly code = "out-of-memory";
  readonly bound: MemoryBound;
  /** Bytes of the request. */
  readonly requestedBytes: number;
  /** Bytes the arena had committed when it was refused. */
  readonly committedBytes: number;

  constructor(bound: MemoryBound, requestedBytes: number, committedBytes: number, detail: string) {
    super(`out of memory: ${requestedBytes} bytes requested, ${committedBytes} committed: ${detail}`);
    this.bound = bound;
    this.requestedBytes = requestedBytes;
    this.committedBytes = committedBytes;
  }
}

/** An arena or a handle cannot be used this way. */
export class ArenaError extends Error {
  override readonly name = "ArenaError";
  readonly code: ArenaFault;

  constructor(code: ArenaFault, message: string) {
    super(message);
    this.code = code;
  }
}
