/**
 * A 64-bit number as two halves, for the generators of some workloads: their published check values need all 64
 * bits, and BigInt costs a hundred times as much. Halves are signed 32-bit numbers.
 */
export class Word64 {
  constructor(
    public high: number,
    public low: number,
  ) {}

  /** Times another, modulo 2^64. */
  multiply(high: number, low: number): void {
    this.high = (highProduct(this.low, low) + Math.imul(this.low, high) + Math.imul(this.high, low)) | 0;
    this.low = Math.imul(this.low, low);
  }

  /** x ^= x >>> bits, for 1 to 31. */
  xorRight(bits: number): void {
    this.low ^= (this.low >>> bits) | (this.high << (32 - bits));
    this.high ^= this.high >>> bits;
  }

  /** x ^= x << bits, for 1 to 31. */
  xorLeft(bits: number): void {
    this.high ^= (this.high << bits) | (this.low >>> (32 - bits));
    this.low ^= this.low << bits;
  }

  /** Of the unsigned number; `divisor` at most 2^21. */
  remainder(divisor: number): number {
    return (((this.high >>> 0) % divisor) * (2 ** 32 % divisor) + ((this.low >>> 0) % divisor)) % divisor;
  }
}

/** The upper half of the unsigned product of two 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const upper = aHigh * bLow + ((aLow * bLow) >>> 16);
  const lower = aLow * bHigh + (upper & 0xffff);
  return aHigh * bHigh + (upper >>> 16) + (lower >>> 16);
}

/** The generator of mstress (the finaliser of splitmix64, S. Vigna, 2015): the new state is the number drawn. */
export function mix64(state: Word64): void {
  state.xorRight(30);
  state.multiply(0xbf58476d | 0, 0x1ce4e5b9);
  state.xorRight(27);
  state.multiply(0x94d049bb | 0, 0x133111eb);
  state.xorRight(31);
}
