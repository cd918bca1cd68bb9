import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AT_FDCWD,
  FUTEX_WAIT_PRIVATE,
  FUTEX_WAKE_PRIVATE,
  LINUX_ARM64_SYSCALLS,
  LINUX_MEMORY,
  LINUX_X64_SYSCALLS,
  O_CLOEXEC,
  O_RDONLY,
} from "../../native/constants.ts";
import { errnoEntries, LINUX_ERRNO } from "../../native/errno.ts";

const syscalls = process.arch === "arm64" ? LINUX_ARM64_SYSCALLS : LINUX_X64_SYSCALLS;

/** Every number by the expression that gives it in C. */
const byExpression: Record<string, number> = {
  ...(LINUX_MEMORY as unknown as Record<string, number>),
  ...Object.fromEntries(Object.entries(syscalls).map(([name, number]) => [`SYS_${name}`, number])),
  ...Object.fromEntries(errnoEntries(LINUX_ERRNO).map(({ number, name }) => [name, number])),
  FUTEX_WAIT_PRIVATE,
  FUTEX_WAKE_PRIVATE,
  O_RDONLY,
  O_CLOEXEC,
  AT_FDCWD,
};

/** The table of arm64 is the generic one, whose header is there on every processor. */
const arm64ByExpression = Object.fromEntries(
  Object.entries(LINUX_ARM64_SYSCALLS).map(([name, number]) => [`__NR_${name}`, number]),
);

const HEADERS = ["errno.h", "fcntl.h", "linux/futex.h", "stdio.h", "sys/mman.h", "sys/syscall.h", "time.h"];

/** A C compiler whose programs have the numbers of the processor that this runs on, perhaps under an emulator. */
const compiler = ["cc", "gcc", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu-gcc`].find(
  (name) => Bun.which(name) !== null && isForThisProcessor(name),
);

const skipped = process.platform !== "linux" ? "not on Linux" : compiler === undefined ? "no C compiler" : "";

describe("constants", () => {
  test.skipIf(skipped !== "")(`equal those of the C headers${skipped && ` (skipped: ${skipped})`}`, () => {
    expect(valuesFromC(HEADERS, Object.keys(byExpression))).toEqual(byExpression);
  });

  test.skipIf(skipped !== "")("the system calls of arm64 are those of the generic header", () => {
    const headers = ["asm-generic/unistd.h", "stdio.h"];
    expect(valuesFromC(headers, Object.keys(arm64ByExpression))).toEqual(arm64ByExpression);
  });

  test("the system call tables name the same calls", () => {
    expect(Object.keys(LINUX_ARM64_SYSCALLS)).toEqual(Object.keys(LINUX_X64_SYSCALLS));
  });
});

function isForThisProcessor(name: string): boolean {
  const target = Bun.spawnSync([name, "-dumpmachine"]).stdout.toString();
  return target.startsWith(process.arch === "arm64" ? "aarch64" : "x86_64");
}

/** The values that a C program with these headers prints for the expressions. */
function valuesFromC(headers: string[], expressions: string[]): Record<string, number> {
  const source = [
    "#define _GNU_SOURCE",
    ...headers.map((header) => `#include <${header}>`),
    "int main(void) {",
    ...expressions.map((expression) => `  printf("${expression} %ld\\n", (long)(${expression}));`),
    "}",
  ].join("\n");
  const folder = mkdtempSync(join(tmpdir(), "husky-constants-"));
  try {
    const program = join(folder, "constants");
    const compiled = Bun.spawnSync([compiler!, "-x", "c", "-", "-o", program], {
      stdin: Buffer.from(source),
    });
    expect(compiled.stderr.toString()).toBe("");
    const lines = Bun.spawnSync([program]).stdout.toString().trim().split("\n");
    return Object.fromEntries(
      lines.map((line) => line.split(" ")).map(([name, value]) => [name, Number(value)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
