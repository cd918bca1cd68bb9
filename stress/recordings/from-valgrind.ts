/**
 * Makes a recording from a valgrind log:
 *   valgrind --trace-malloc=yes --trace-sched=yes --log-file=LOG --child-silent-after-fork=yes \
 *     --run-libc-freeres=no --run-cxx-freeres=no PROGRAM ...
 *   bun stress/recordings/from-valgrind.ts LOG OUT.husky.gz
 */
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { runCommand } from "./command.ts";
import { encodeRecording } from "./compact.ts";
import { RecordingError } from "./recording-error.ts";
import { parseValgrind } from "./valgrind.ts";

function convert(log: string, out: string): void {
  try {
    const recording = parseValgrind(readFileSync(log), log, "");
    writeFileSync(out, gzipSync(encodeRecording(recording), { level: 9 }));
  } catch (error) {
    // The system's errors name the file and the reason.
    if (error instanceof Error && "syscall" in error) throw new RecordingError(log, "", error.message);
    throw error;
  }
}

runCommand(
  new Command("from-valgrind")
    .description("Makes a recording from the log of valgrind --trace-malloc=yes.")
    .argument("<log>", "the log, of one process")
    .argument("<out>", "the recording to write; its name should end in .husky.gz")
    .action(convert),
);
