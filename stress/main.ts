/** `bun run stress`: see `--help`, and docs/stress.md for the design. */
import { parseOptions } from "./command/options.ts";
import { perform } from "./command/perform.ts";
import { isSupervised, supervise } from "./command/supervise.ts";
import { UsageError } from "./command/usage-error.ts";
import { RecordingError } from "./recordings/recording-error.ts";

const WRONG_USAGE = 2;

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (typeof options === "number") return options;
    return isSupervised() ? await perform(options) : await supervise(options, argv);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RecordingError)) throw error;
    console.error(`stress: ${error.message}\nbun run stress --help tells what there is`);
    return WRONG_USAGE;
  }
}

// A Worker that hangs in a system call must not keep the process.
process.exit(await main(Bun.argv.slice(2)));
