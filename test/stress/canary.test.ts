import { expect, test } from "bun:test";
import { plants } from "../../stress/allocators/faulty.ts";
import { lastLine, runStress, startStress } from "./run-stress.ts";

test("canary: all plants are detected, and nothing where nothing is planted", async () => {
  const { code, stdout } = await runStress("canary", "--seed", "11");
  expect(stdout).not.toContain("MISSED");
  for (const { name } of plants) expect(stdout).toContain(`│ ${name} `);
  expect(lastLine(stdout)).toBe("passed: every planted fault was detected");
  expect(code).toBe(0);
});

for (const { name, expected } of plants) {
  if (expected === null) continue;
  test(`plant-${name}: reported as ${expected}, exit code 1, the repeating command last`, async () => {
    const { code, stdout } = await runStress(
      "canary",
      "--plant",
      name,
      "--seed",
      "5",
      "--watchdog",
      "2",
      "--workers",
      "2",
    );
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toStartWith("seed 5:");
    expect(lines.at(-2)).toStartWith(`fault ${expected}: `);
    expect(lines.at(-1)).toBe(
      `repeat: bun run stress canary --workers 2 --seconds 30 --seed 5 --watchdog 2 --plant ${name}`,
    );
    expect(code).toBe(1);
  });
}

test("content: offset, found and expected byte are told", async () => {
  const { stdout } = await runStress("canary", "--plant", "changed-byte");
  const [, found, expected] = /byte 0 of \d+ of the block at 0x[0-9a-f]+ is 0x(..) instead of 0x(..)/.exec(
    stdout,
  )!;
  expect(Number.parseInt(found!, 16) ^ Number.parseInt(expected!, 16)).toBe(0x40);
});

test("hang: the Worker, its operation and the seed are told", async () => {
  const { stdout } = await runStress("canary", "--plant", "hang", "--watchdog", "1", "--seed", "3");
  expect(stdout).toMatch(/no heartbeat for 1 s: Worker \d in malloc \(\d+ bytes\)/);
});

test.skipIf(process.platform !== "linux")(
  "process-dies: the repeating command is told all the same",
  async () => {
    const command = startStress(
      "churn",
      "--allocator",
      "libc",
      "--seconds",
      "20",
      "--workers",
      "2",
      "--seed",
      "9",
    );
    const reader = command.stdout.getReader();
    let stdout = "";
    const decoder = new TextDecoder();
    for (let killed = false; ; ) {
      const { value, done } = await reader.read();
      if (done) break;
      stdout += decoder.decode(value);
      if (killed) continue;
      killed = true;
      const children = await Bun.file(`/proc/${command.pid}/task/${command.pid}/children`).text();
      process.kill(Number(children.trim().split(" ")[0]), "SIGSEGV");
    }
    expect(stdout).toContain("fault crash: the process ended with SIGSEGV");
    expect(lastLine(stdout)).toBe(
      "repeat: bun run stress churn --workers 2 --seconds 20 --seed 9 --allocator libc",
    );
    expect(await command.exited).toBe(1);
  },
);
