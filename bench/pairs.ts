/**
 * A pair of `malloc` and `free`: Husky against libc through FFI, in one run.
 *
 *   bun bench/pairs.ts [rounds]
 *
 * Prints nanoseconds a pair, medians of the rounds, and the ratios.
 */
import Table from "cli-table3";
import { systemMalloc } from "../native/system-malloc.ts";
import { free, malloc } from "../src/index.ts";
import { type Figures, machine, median, runRounds } from "./rounds.ts";

const PAIRS = 2_000_000;
const LIVE = 1024;

type Malloc = (size: number) => number;
type Free = (pointer: number) => void;

/** Sizes of 8 to 507 bytes, the same for everybody. */
function sizeTable(): Int32Array {
  let state = 12345;
  return Int32Array.from({ length: 4096 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return 8 + ((state >>> 8) % 500);
  });
}

function time(run: () => void): number {
  run();
  run();
  const samples: number[] = [];
  for (let repeat = 0; repeat < 7; repeat++) {
    const start = Bun.nanoseconds();
    run();
    samples.push((Bun.nanoseconds() - start) / PAIRS);
  }
  return median(samples);
}

function measure(malloc: Malloc, free: Free): Figures {
  const sizes = sizeTable();
  const slots = new Float64Array(LIVE);
  return {
    "32 bytes": time(() => {
      for (let i = 0; i < PAIRS; i++) free(malloc(32));
    }),
    "8 to 507 bytes": time(() => {
      for (let i = 0; i < PAIRS; i++) free(malloc(sizes[i & 4095]!));
    }),
    "random replacement, 1024 live": time(() => {
      for (let i = 0; i < PAIRS; i++) {
        const slot = (sizes[(i * 7) & 4095]! * 31 + i) & (LIVE - 1);
        if (slots[slot] !== 0) free(slots[slot]!);
        slots[slot] = malloc(sizes[i & 4095]!);
      }
    }),
  };
}

const contender = process.argv[2];
if (contender === "husky") console.log(JSON.stringify(measure(malloc, free as Free)));
else if (contender === "libc") {
  const system = systemMalloc();
  console.log(JSON.stringify(measure(system.malloc, system.free)));
} else {
  const rounds = Number(contender ?? 7);
  const command = (name: string) => ({ name, command: [process.execPath, import.meta.path, name] });
  const medians = await runRounds([command("husky"), command("libc")], rounds);
  const table = new Table({
    head: ["ns a pair", "husky", "libc by FFI", "ratio"],
    style: { head: [], border: [] },
  });
  for (const [row, husky] of Object.entries(medians.get("husky")!)) {
    const libc = medians.get("libc")![row]!;
    table.push([row, husky.toFixed(1), libc.toFixed(1), (husky / libc).toFixed(2)]);
  }
  console.log(`${machine()}, medians of ${rounds} rounds`);
  console.log(table.toString());
}
