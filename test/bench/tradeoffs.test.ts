/** The loads of the comparison are sound, and every question names contenders and loads that exist. */
import { expect, test } from "bun:test";
import { makeLoad, recordingNames } from "../../bench/tradeoffs/loads.ts";
import { questions } from "../../bench/tradeoffs/questions.ts";
import { Arena } from "../../src/index.ts";
import { Operation } from "../../stress/recordings/index.ts";

for (const name of ["mixed 1024", "holes 1024", "big 64"]) {
  test(`${name}: frees what is live, once, and ends with nothing; the same again`, () => {
    const load = makeLoad(name);
    const live = new Set<number>();
    let peak = 0;
    for (let i = 0; i < load.length; i++) {
      const block = load.block[i]!;
      if (load.operation[i] === Operation.free) expect(live.delete(block)).toBe(true);
      else {
        expect(live.has(block)).toBe(false);
        live.add(block);
        expect(load.size[i]!).toBeGreaterThan(0);
      }
      peak = Math.max(peak, live.size);
    }
    expect(live.size).toBe(0);
    expect(peak).toBeGreaterThanOrEqual(Number(name.split(" ")[1]));
    expect(makeLoad(name).size).toEqual(load.size);
  });
}

test("every contender's options make an arena, every load is a pattern or a recording", () => {
  expect(questions.length).toBe(6);
  for (const { contenders, loads, decides, columns } of questions) {
    expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length);
    for (const { task } of contenders) new Arena(task.options).dispose();
    for (const load of loads)
      expect(/^(mixed|holes|big) \d+$/.test(load) || recordingNames().includes(load)).toBe(true);
    expect(columns).toContain(decides);
  }
});

test("an unknown question is wrong usage", async () => {
  const script = new URL("../../bench/tradeoffs/main.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, "--only", "links"], { stdout: "pipe", stderr: "pipe" });
  expect(await child.exited).toBe(2);
  expect(await child.stderr.text()).toContain('unknown question "links"; known: order, merging, threshold');
});
