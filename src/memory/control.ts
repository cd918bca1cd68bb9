/**
 * The control block: the shared state of an arena, in its first window. One object per Worker looks at it.
 * Unless said otherwise a field is written under the lock only.
 */
import type { Address } from "../core/types.ts";
import type { Held } from "./held.ts";
import { CONTROL_AREA, ControlDouble, ControlWord, controlWords, LAYOUT, MAGIC, VERSION } from "./layout.ts";
import type { Window } from "./window.ts";

/** What is decided when an arena is made and never changes. */
export interface Geometry {
  readonly id: number;
  readonly secret: number;
  /** Number of the policy in the catalogue, and the values of its options. */
  readonly policy: number;
  readonly policyChoice: number;
  readonly workerCache: boolean;
  readonly limitBytes: number;
  readonly largeThresholdBytes: number;
  readonly reserveBytes: number;
  /** Infinity = never. */
  readonly purgeDelayMs: number;
}

/** What the maker of an arena decides of it. */
export type ArenaShape = Omit<Geometry, "id" | "secret">;

export class Control {
  /** The control area's 32-bit words, from the base of the window. Its end never moves. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;

  constructor(
    readonly base: Address,
    window: Window,
    pageSize: number,
  ) {
    const { buffer, byteOffset } = window.words;
    const words = controlWords(pageSize);
    this.words = new Int32Array(buffer, byteOffset, words);
    this.doubles = new Float64Array(buffer, byteOffset + CONTROL_AREA * 4, (words - CONTROL_AREA) >>> 1);
  }

  /** Fills a fresh control block; the magic number, stored last, opens it for the others. */
  initialise(geometry: Geometry, pageSize: number): void {
    const { words, doubles } = this;
    words[CONTROL_AREA + ControlWord.version] = VERSION;
    words[CONTROL_AREA + ControlWord.layout] = LAYOUT;
    words[CONTROL_AREA + ControlWord.pageSize] = pageSize;
    words[CONTROL_AREA + ControlWord.secret] = geometry.secret;
    words[CONTROL_AREA + ControlWord.policy] = geometry.policy;
    words[CONTROL_AREA + ControlWord.policyChoice] = geometry.policyChoice;
    words[CONTROL_AREA + ControlWord.workerCache] = geometry.workerCache ? 1 : 0;
    doubles[ControlDouble.id] = geometry.id;
    doubles[ControlDouble.limit] = geometry.limitBytes;
    doubles[ControlDouble.largeThreshold] = geometry.largeThresholdBytes;
    doubles[ControlDouble.reserve] = geometry.reserveBytes;
    doubles[ControlDouble.purgeDelay] = geometry.purgeDelayMs;
    Atomics.store(words, CONTROL_AREA + ControlWord.magic, MAGIC);
  }

  /** What is wrong with the control block for a reader with this page size; "" = nothing. */
  mismatch(pageSize: number): string {
    const word = (field: number) => this.words[CONTROL_AREA + field]!;
    if (Atomics.load(this.words, CONTROL_AREA + ControlWord.magic) !== MAGIC) return "wrong magic number";
    if (word(ControlWord.version) !== VERSION) {
      return `layout version ${word(ControlWord.version)}, this package reads version ${VERSION}`;
    }
    if (word(ControlWord.layout) !== LAYOUT) return "another layout of the control block";
    if (word(ControlWord.pageSize) !== pageSize) {
      return `page size ${word(ControlWord.pageSize)}, this system has ${pageSize}`;
    }
    return "";
  }

  get geometry(): Geometry {
    const { words, doubles } = this;
    return {
      id: doubles[ControlDouble.id]!,
      secret: words[CONTROL_AREA + ControlWord.secret]!,
      policy: words[CONTROL_AREA + ControlWord.policy]!,
      policyChoice: words[CONTROL_AREA + ControlWord.policyChoice]!,
      workerCache: words[CONTROL_AREA + ControlWord.workerCache] === 1,
      limitBytes: doubles[ControlDouble.limit]!,
      largeThresholdBytes: doubles[ControlDouble.largeThreshold]!,
      reserveBytes: doubles[ControlDouble.reserve]!,
      purgeDelayMs: doubles[ControlDouble.purgeDelay]!,
    };
  }

  /** Adds to a counter. */
  add(this: Held<Control>, counter: number, amount: number): void {
    this.doubles[counter] = this.doubles[counter]! + amount;
  }

  /**
   * Whether so many bytes more stay within the limit.
   * Equation: committed = touched pages of the windows' blocks + sum of the large mappings + stock.
   */
  fits(this: Held<Control>, byteLength: number): boolean {
    return this.doubles[ControlDouble.committed]! + byteLength <= this.doubles[ControlDouble.limit]!;
  }

  /** Notes a new peak, once what was charged is really there. */
  notePeak(this: Held<Control>): void {
    const { doubles } = this;
    const committed = doubles[ControlDouble.committed]!;
    if (committed > doubles[ControlDouble.peakCommitted]!) doubles[ControlDouble.peakCommitted] = committed;
  }

  get committedBytes(): number {
    return this.doubles[ControlDouble.committed]!;
  }
}
