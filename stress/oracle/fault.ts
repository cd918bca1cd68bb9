/** What can be wrong with an allocator, as far as a test from outside can tell. */
export type FaultKind =
  /** Two live blocks share memory, or one block was handed out twice. */
  | "overlap"
  /** The test gave a block back that it does not hold; the mistake is the test's, not the allocator's. */
  | "not-held"
  /** A payload does not hold what was written into it. */
  | "content"
  /** Memory of calloc does not read as zero. */
  | "not-zero"
  /** A payload is not aligned as promised. */
  | "misaligned"
  /** The usable size is below the size that was asked for. */
  | "too-small"
  /** A request was refused although memory is left. */
  | "refused"
  /** Blocks are live after everything was given back. */
  | "leak"
  /** The heap does not know a block that is in use, or counts one that nobody has. */
  | "lost"
  /** Memory did not go back to the system. */
  | "memory-kept"
  /** A Worker does not move any more. */
  | "hang"
  /** A Worker threw something, or ended without a report. */
  | "crash"
  /** The oracle missed a fault that was planted. */
  | "undetected";

/** A fault found while a workload ran. It ends the run. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const hex = (address: number): string => `0x${address.toString(16)}`;
