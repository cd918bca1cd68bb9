/**
 * A program writes into memory it has freed: whatever the policy keeps there, the damage is reported or does no harm, the
 * live blocks stay as they are, and the arena goes on.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidPointerError } from "../../src/index.ts";
import { policyVariants } from "../support/policy-variants.ts";
import { simulatedArena } from "../support/simulated-arena.ts";

const damage = fc.record({
  pick: fc.nat(),
  /** Bytes behind the start of the payload, which has 24 at least; negative: the header. */
  at: fc.constantFrom(-8, -4, 0, 4, 8, 12, 16, 20),
  word: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 200_000 }), fc.constantFrom(0, -1, 0x55555555)),
});
const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 30, maxLength: 60 });

for (const policy of policyVariants) {
  test(`${policy}: words written behind a free's back`, () => {
    fc.assert(
      fc.property(sizes, fc.array(damage, { minLength: 1, maxLength: 4 }), (wanted, damages) => {
        const { arena, platform } = simulatedArena({ policy, workerCache: false });
        const { pages } = platform;
        const attempt = (act: () => void) => {
          try {
            act();
            return true;
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidPointerError);
            expect((error as InvalidPointerError).code).toBe("corrupt-block");
            return false;
          }
        };
        const pointers = wanted.map((size) => arena.malloc(size) as number);
        const freed = pointers.filter((_, i) => i % 3 === 1);
        const live = pointers.filter((_, i) => i % 3 !== 1);
        for (const [i, pointer] of live.entries()) pages.bytes(pointer, 1)[0] = i;
        for (const pointer of freed) arena.free(pointer);
        for (const { pick, at, word } of damages) {
          const { buffer, byteOffset } = pages.bytes(freed[pick % freed.length]! + at, 4);
          new Int32Array(buffer, byteOffset, 1)[0] = word;
        }
        for (let i = 0; i < 60; i++) attempt(() => arena.free(arena.malloc(wanted[i % wanted.length]!)));
        const more: number[] = [];
        for (const size of wanted) attempt(() => more.push(arena.malloc(size)));
        for (const pointer of more) attempt(() => arena.free(pointer));
        for (const [i, pointer] of live.entries()) {
          expect(pages.bytes(pointer, 1)[0]).toBe(i);
          attempt(() => arena.free(pointer));
        }
        attempt(() => arena.trim());
        // What nobody has come past is found now, and with the first report everything is indexed anew.
        const refused = wanted.filter((size) => !attempt(() => arena.malloc(size)));
        expect(refused.length).toBeLessThan(2);
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });
}
