/** Thrown when a header or a link turns out to be overwritten. The heap repairs its index from the header chain then. */
export class DamagedBlock extends Error {
  /** `address` is that of the payload, or of what a damaged link took for one. */
  constructor(readonly address: number) {
    super(`the block at 0x${address.toString(16)} is damaged`);
  }
}
