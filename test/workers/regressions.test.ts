/**
 * Situations that once ended the process or never ended, each in a process of its own with a time limit
 * (regression-cases.ts). Those that can be had in one thread are in test/arena/regressions.test.ts.
 */
import { expect, test } from "bun:test";

const TIME_LIMIT_MS = 20_000;
const SCRIPT = new URL("./regression-cases.ts", import.meta.url).pathname;

const SITUATIONS: Record<string, string> = {
  withoutDescriptors: "with no file descriptor left, living Workers still count as alive",
  reallocAgainstFree:
    "realloc of a large block by copy against a free by another Worker: exactly one succeeds",
  stackOverflow: "a stack overflow inside any call leaves the arena sound and usable",
  zeroedHeader: "stats, blocks and check end when a header was overwritten with zeros",
  terminatedWhileAttaching:
    "Workers that are terminated while they attach leave an arena that can be disposed",
  twoCopies: "the package loaded twice in one Worker works on one slot",
  twoVersions: "two versions of the package in one process have a heap each, and refuse each other's handles",
  copiesInTheWay: "dispose names the copies of the package that are in its way",
};

/** Few files, so that a case can use them up. */
const LIMITED = ["/bin/sh", "-c", 'ulimit -n 120; exec "$0" "$@"'];

for (const [name, situation] of Object.entries(SITUATIONS)) {
  test(
    situation,
    async () => {
      const limit = name === "withoutDescriptors" ? LIMITED : [];
      const child = Bun.spawn([...limit, process.execPath, SCRIPT, name], {
        env: { ...process.env, DO_NOT_TRACK: "1", BUN_ENABLE_CRASH_REPORTING: "0" },
        stdout: "pipe",
        stderr: "pipe",
        timeout: TIME_LIMIT_MS,
        killSignal: "SIGKILL",
      });
      const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      const { exitCode, signalCode } = child;
      expect({ exitCode, signalCode, output: out + err }).toEqual({
        exitCode: 0,
        signalCode: null,
        output: "",
      });
    },
    TIME_LIMIT_MS + 5000,
  );
}
