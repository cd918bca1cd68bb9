/** Rows 119, 120: options that no arena may have. */
import { describe, expect, test } from "bun:test";
import { mappingsIn } from "../../native/mappings.ts";
import { Arena, type ArenaOptions, heap } from "../../src/index.ts";
import { runsOut, thrownBy, withArena, worksOn } from "./harness.ts";

/** Number of windows that are mapped: they are sought between 32 and 96 TiB. */
function windows(): number {
  return process.platform === "linux" ? mappingsIn(2 ** 45, 2 ** 46).length : 0;
}

describe("options", () => {
  const wrong: [option: string, value: unknown, kind: typeof TypeError | typeof RangeError][] = [
    ["limit", 0, RangeError],
    ["limit", 4097, RangeError],
    ["limit", -4096, RangeError],
    ["limit", 2 ** 60, RangeError],
    ["limit", Number.NaN, RangeError],
    ["limit", Infinity, RangeError],
    ["limit", "4096", TypeError],
    ["limit", 4096n, TypeError],
    ["limit", null, TypeError],
    ["reserve", 0, RangeError],
    ["reserve", 2 ** 33, RangeError],
    ["reserve", 2 ** 30 + 1, RangeError],
    ["reserve", "1", TypeError],
    ["largeThreshold", -1, RangeError],
    ["largeThreshold", 1.5, RangeError],
    ["largeThreshold", 2 ** 31, RangeError],
    ["largeThreshold", {}, TypeError],
    ["policy", "best", RangeError],
    ["policy", 1, TypeError],
    ["policy", "", RangeError],
    ["policy", "bins:", RangeError],
    ["policy", "bins:fit=best", RangeError],
    ["policy", "unordered:fit", RangeError],
    ["policy", "unordered:fit=worst", RangeError],
    ["policy", "unordered:fit=best,fit=best", RangeError],
    ["policy", "unordered:every=-1", RangeError],
    ["policy", "unordered:every=1000001", RangeError],
    ["policy", "unordered:every=1.5", RangeError],
    ["policy", null, TypeError],
    ["workerCache", 1, TypeError],
    ["workerCache", "yes", TypeError],
    ["workerCache", null, TypeError],
    ["purgeDelay", -1, RangeError],
    ["purgeDelay", 0.5, RangeError],
    ["purgeDelay", 86_400_001, RangeError],
    ["purgeDelay", -Infinity, RangeError],
    ["purgeDelay", NaN, RangeError],
    ["purgeDelay", "0", TypeError],
    ["purgeDelay", null, TypeError],
    ["checks", "none", RangeError],
    ["checks", true, TypeError],
    ["name", 5, TypeError],
    ["name", null, TypeError],
    ["size", 4096, TypeError],
    ["Limit", 4096, TypeError],
  ];

  test("119 options: unknown name, wrong type, impossible value; nothing is mapped", () => {
    heap.malloc(8);
    const before = windows();
    for (const [option, value, kind] of wrong) {
      const error = thrownBy(() => new Arena({ [option]: value } as ArenaOptions));
      expect({ option, value, kind: error.constructor }).toEqual({ option, value, kind });
      expect(error.message).toContain(`\`${option}\``);
    }
    for (const options of [null, 5, "bins", true]) {
      const error = thrownBy(() => new Arena(options as ArenaOptions));
      expect(error.constructor).toBe(TypeError);
      expect(error.message).toContain("`options`");
    }
    expect(windows()).toBe(before);
  });

  test("119 options: a limit is kept, a huge one accepted", () => {
    withArena((arena) => runsOut(arena, 2 ** 17, () => arena.malloc(2 ** 17)), { limit: 2 ** 17 });
    withArena((arena) => expect(arena.stats().limitBytes).toBe(2 ** 46), { limit: 2 ** 46 });
  });

  test("120 option getters that call the allocator, or change their answer, find it unlocked", () => {
    withArena((arena) => {
      const answers: unknown[] = [2 ** 20, 3];
      const options = {
        get limit() {
          arena.free(arena.malloc(8));
          return answers.shift() as number;
        },
      };
      let made: Arena | undefined;
      try {
        made = new Arena(options);
      } catch (error) {
        expect((error as Error).constructor).toBe(RangeError);
      }
      if (made !== undefined) expect(made.stats().limitBytes).toBe(2 ** 20);
      made?.dispose();
      worksOn(arena);
    });
  });
});
