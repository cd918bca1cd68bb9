/** What alloc-test draws: sizes of 5 to 1024 bytes, and slots by a Pareto rule of 80 to 20, nested six times. */
import { Word64 } from "../random64.ts";

const SEED = 41;
/** A zone's part of all steps, from the hottest zone to the coldest; mirrored, its part of all slots. */
const ZONE_WEIGHTS = [0.262144, 0.393216, 0.24576, 0.08192, 0.01536, 0.001536, 0.000064] as const;

/** The original's generator: a multiplicative hash of an xorshift state. */
export class AllocTestDraws {
  private readonly state = new Word64(0, SEED);
  private readonly hashed = new Word64(0, 0);

  /** 0 to 2^32 - 1. */
  next(): number {
    const { state, hashed } = this;
    hashed.high = state.high;
    hashed.low = state.low;
    hashed.multiply(0xd989bcac | 0, 0xc137dcd5 | 0);
    state.xorRight(11);
    state.xorLeft(31);
    state.xorRight(18);
    return hashed.high >>> 0;
  }

  /** 2^k + 1 to 2^(k + 1), each k half as often as the one before. */
  size(): number {
    this.next(); // the upper half of a draw of 64 bits, which no size needs
    const draw = this.next();
    const zeroBits = (draw & 127) + 1;
    const exponent = 2 + 31 - Math.clz32(zeroBits & -zeroBits);
    return 2 ** exponent + 1 + ((draw >>> 7) & (2 ** exponent - 1));
  }
}

/** Slots by zones; the last zone takes what rounding leaves. */
export class Zones {
  private readonly limits: number[] = [];
  private readonly firsts: number[] = [];
  readonly sizes: number[] = [];

  constructor(slots: number) {
    let weight = 0;
    let first = 0;
    for (let zone = 0; zone < ZONE_WEIGHTS.length; zone++) {
      weight += ZONE_WEIGHTS[zone]!;
      const last = zone === ZONE_WEIGHTS.length - 1;
      const size = last ? slots - first : Math.floor(slots * ZONE_WEIGHTS[ZONE_WEIGHTS.length - 1 - zone]!);
      this.limits.push(last ? Number.POSITIVE_INFINITY : Math.round(weight * 2 ** 32));
      this.firsts.push(first);
      this.sizes.push(size);
      first += size;
    }
  }

  /** Two draws: the zone, and the slot in it. */
  draw(draws: AllocTestDraws): number {
    const draw = draws.next();
    let zone = 0;
    while (draw >= this.limits[zone]!) zone++;
    return this.firsts[zone]! + (draws.next() % this.sizes[zone]!);
  }
}
