/**
 * Random operations on an arena over simulated pages, against an independent model: a list of live blocks with the
 * bytes they must hold. System calls are refused at random; a refused operation must change nothing.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ArenaOptions, OutOfMemoryError } from "../../src/index.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { policyVariants } from "../support/policy-variants.ts";
import { type SimulatedArena, simulatedArena } from "../support/simulated-arena.ts";

interface Live {
  pointer: number;
  bytes: Uint8Array;
}

type Operation =
  | { kind: "malloc" | "calloc" | "realloc"; size: number; pick: number; refuse: boolean }
  | { kind: "alignedAlloc"; size: number; pick: number; refuse: boolean; log: number }
  | { kind: "free" | "trim" | "detach"; pick: number };

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 600 }) },
  { weight: 3, arbitrary: fc.integer({ min: 500, max: 40_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 30_000, max: 900_000 }) },
);
const pick = fc.nat();
const refuse = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("malloc" as const), size, pick, refuse }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("calloc" as const), size, pick, refuse }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("realloc" as const), size, pick, refuse }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("alignedAlloc" as const),
      size,
      pick,
      refuse,
      log: fc.integer({ min: 0, max: 16 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("free" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("trim" as const, "detach" as const), pick }) },
);

class Model {
  readonly live: Live[] = [];
  private stamp = 1;

  constructor(private readonly simulated: SimulatedArena) {}

  run(step: Operation): void {
    const { arena, platform } = this.simulated;
    if ("refuse" in step) {
      platform.pages.refuse = () => step.refuse;
      try {
        this.allocate(step);
      } catch (error) {
        if (!(step.refuse && error instanceof OutOfMemoryError && error.bound === "system")) throw error;
      } finally {
        platform.pages.refuse = () => false;
      }
    } else if (step.kind === "trim") arena.trim();
    else if (step.kind === "detach") arena.detach();
    else this.free(step.pick);
  }

  private allocate(step: Extract<Operation, { size: number }>): void {
    const { arena } = this.simulated;
    if (step.kind === "malloc") this.add(arena.malloc(step.size), step.size);
    else if (step.kind === "alignedAlloc") {
      const pointer = arena.alignedAlloc(2 ** step.log, step.size);
      expect(pointer % 2 ** step.log).toBe(0);
      this.add(pointer, step.size);
    } else if (step.kind === "calloc") {
      const pointer = arena.calloc(1, step.size);
      expect(this.memory(pointer, step.size).every((byte) => byte === 0)).toBe(true);
      this.add(pointer, step.size);
    } else this.realloc(step);
  }

  private realloc(step: { size: number; pick: number }): void {
    const { arena } = this.simulated;
    const block = this.live[step.pick % (this.live.length + 1)];
    const pointer = arena.realloc(block?.pointer ?? null, step.size);
    if (block !== undefined) {
      const kept = Math.min(block.bytes.length, step.size);
      expect(Buffer.compare(this.memory(pointer, kept), block.bytes.subarray(0, kept))).toBe(0);
      this.live.splice(this.live.indexOf(block), 1);
    }
    this.add(pointer, step.size);
  }

  private add(pointer: number, byteLength: number): void {
    expect(pointer % 16).toBe(0);
    expect(this.simulated.arena.usableSize(pointer)).toBeGreaterThanOrEqual(byteLength);
    for (const other of this.live) {
      const apart = pointer + byteLength <= other.pointer || other.pointer + other.bytes.length <= pointer;
      expect(apart && pointer !== other.pointer).toBe(true);
    }
    const bytes = new Uint8Array(byteLength).fill(this.stamp++ & 0xff);
    this.memory(pointer, byteLength).set(bytes);
    this.live.push({ pointer, bytes });
  }

  private free(at: number): void {
    const block = this.live[at % (this.live.length + 1)];
    this.verify();
    this.simulated.arena.free(block?.pointer ?? null);
    if (block !== undefined) this.live.splice(this.live.indexOf(block), 1);
  }

  verify(): void {
    for (const { pointer, bytes } of this.live) {
      expect(Buffer.compare(this.memory(pointer, bytes.length), bytes)).toBe(0);
    }
  }

  private memory(pointer: number, byteLength: number): Uint8Array {
    return this.simulated.platform.pages.bytes(pointer, byteLength);
  }
}

const settings: readonly ArenaOptions[] = [
  {},
  { workerCache: false },
  { largeThreshold: 10_000 },
  { limit: 2 ** 21 },
  ...policyVariants.slice(1).flatMap((policy) => [{ policy }, { policy, workerCache: false }]),
];

for (const options of settings) {
  test(`random operations agree with the model: ${JSON.stringify(options)}`, () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const simulated = simulatedArena(options);
        const { arena } = simulated;
        const model = new Model(simulated);
        for (const step of operations) {
          try {
            model.run(step);
          } catch (error) {
            const full = "limit" in options && error instanceof OutOfMemoryError && error.bound === "limit";
            if (!full) throw error;
          }
          arena.check();
          const stats = arena.stats();
          expect(stats.liveBlocks).toBe(model.live.length);
          expect(stats.committedBytes).toBeLessThanOrEqual(stats.limitBytes);
        }
        model.verify();
        expect([...arena.blocks()].map((block) => block.pointer as number).sort()).toEqual(
          model.live.map((block) => block.pointer).sort(),
        );
        for (const { pointer } of model.live) arena.free(pointer);
        arena.trim();
        arena.check();
        expectNothingLeft(arena);
        arena.dispose();
        expect(simulated.platform.pages.mappedBytes).toBe(0);
      }),
      { numRuns: options.policy === undefined ? 150 : 40, includeErrorInReport: true },
    );
  });
}
