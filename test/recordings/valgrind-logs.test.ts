/** Whole logs of one C program: those of three versions of valgrind, and one that is made now. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseValgrind } from "../../stress/recordings/valgrind.ts";
import { operationLines } from "./operation-lines.ts";

const folder = mkdtempSync(join(tmpdir(), "recordings-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** valgrind/calls.c and its logs. */
const given = (name: string) => fileURLToPath(new URL(`valgrind/${name}`, import.meta.url));

const OPERATIONS = [
  "malloc#0 10",
  ...["malloc#1 0", "free#1 0"],
  ...["malloc#2 314572800", "free#2 0"],
  ...["calloc#3 21", "free#3 0"],
  ...["calloc#4 0", "free#4 0"],
  "realloc#0 1000",
  ...["realloc#5 33", "free#5 0"],
  ...["realloc#6 0", "free#6 0"],
  ...["realloc#7 64", "realloc#7 128", "free#7 0"],
  ...["alignedAlloc#8 100 @64", "free#8 0"],
  ...["alignedAlloc#9 100 @32", "free#9 0"],
  ...["alignedAlloc#10 100 @1", "free#10 0"],
  ...["alignedAlloc#11 256 @128", "free#11 0"],
  ...["alignedAlloc#12 100 @64", "free#12 0"],
  ...["free#-1 0", "free#0 0"],
];

const read = (log: string) => operationLines(parseValgrind(readFileSync(log), log, "calls"));

test.each(["3.19", "3.24", "3.27"])("the log of valgrind %s", (version) => {
  expect(read(given(`${version}.txt`))).toEqual(OPERATIONS);
});

/** Runs to the end, or throws what the command says. */
function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} exits with ${exitCode}: ${stderr}`);
  return stdout.toString();
}

/** Why there is no log to be made here; empty if there is one. */
function whyNot(): string {
  if (process.platform !== "linux") return "not on Linux";
  for (const name of ["getconf", "gcc", "valgrind"]) if (Bun.which(name) === null) return `no ${name}`;
  if (Bun.spawnSync(["getconf", "GNU_LIBC_VERSION"]).exitCode !== 0) return "not on glibc";
  const version = run("valgrind", "--version").trim();
  return /-3\.2[0-3]\./.test(version) ? `${version} leaves pointers out of its log` : "";
}

const skipped = whyNot();

test.skipIf(skipped !== "")(`a log made now${skipped && ` (skipped: ${skipped})`}`, () => {
  const [program, log] = [join(folder, "calls"), join(folder, "log")];
  run("gcc", "-w", "-O0", "-fno-builtin", "-o", program, given("calls.c"));
  // As docs/recordings.md tells to record.
  const traces = [
    "--trace-malloc=yes",
    "--trace-sched=yes",
    "--fair-sched=yes",
    "--child-silent-after-fork=yes",
  ];
  const freeres = ["--run-libc-freeres=no", "--run-cxx-freeres=no"];
  run("valgrind", ...traces, ...freeres, `--log-file=${log}`, program);
  expect(read(log)).toEqual(OPERATIONS);
});
