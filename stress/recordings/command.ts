/** What the commands of this folder share: reading arguments and saying how it went. */
import { type Command, CommanderError } from "commander";
import { RecordingError } from "./recording-error.ts";

/** Exit codes of the commands. */
const OK = 0;
const UNUSABLE_FILE = 1;
const WRONG_USAGE = 2;

/** Runs `command` on the process's arguments and ends the process: 0 ok, 1 unusable file, 2 wrong usage. */
export function runCommand(command: Command): never {
  try {
    command
      .exitOverride()
      .addHelpText("after", "\nExit codes: 0 ok, 1 a file cannot be used, 2 wrong usage.")
      .parse();
    process.exit(OK);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? OK : WRONG_USAGE);
    if (!(error instanceof RecordingError)) throw error;
    console.error(`error: ${error.message}`);
    process.exit(UNUSABLE_FILE);
  }
}
