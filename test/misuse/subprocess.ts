/**
 * Cases in processes of their own (rule R4). A module `NAME.cases.ts` lists them, `NAME.test.ts` makes a test of each:
 * the case must end by itself, in time, with exit code 0; one that may fault may also be ended by a memory fault.
 */
import { expect, test } from "bun:test";

export type Case = () => void | Promise<void>;
export interface FaultingCase {
  readonly mayFault: true;
  readonly run: Case;
}
export type Cases = Readonly<Record<string, Case | FaultingCase>>;

const TIME_LIMIT_MS = 10_000;
const FAULTS = ["SIGSEGV", "SIGBUS"];
const RUNNER = new URL("./run-case.ts", import.meta.url).pathname;

export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly output: string;
}

/** Runs a script with Bun. */
export async function runScript(words: string[], timeLimitMs: number = TIME_LIMIT_MS): Promise<Outcome> {
  let timedOut = false;
  const child = Bun.spawn([process.execPath, ...words], {
    env: { ...process.env, DO_NOT_TRACK: "1", BUN_ENABLE_CRASH_REPORTING: "0" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const alarm = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeLimitMs);
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(alarm);
  return { exitCode: child.exitCode, signal: child.signalCode as string | null, timedOut, output: out + err };
}

/** Makes a test of every case in a module beside the test file. */
export function testCases(file: string, cases: Cases, timeLimitMs: number = TIME_LIMIT_MS): void {
  for (const [name, entry] of Object.entries(cases)) {
    test(
      name,
      async () => {
        const outcome = await runScript([RUNNER, new URL(file, import.meta.url).href, name], timeLimitMs);
        const { exitCode, signal, timedOut, output } = outcome;
        if (typeof entry === "object" && !timedOut && FAULTS.includes(signal ?? "")) return;
        expect({ exitCode, signal, timedOut, output }).toEqual({
          exitCode: 0,
          signal: null,
          timedOut: false,
          output: "",
        });
      },
      timeLimitMs + 10_000,
    );
  }
}
