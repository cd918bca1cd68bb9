/** `bun stress/death-points/main.ts`: kills a Worker at every death point. See --help, and docs/stress.md. */
import { parseOptions, UsageError } from "./options.ts";
import { perform } from "./perform.ts";
import { isSupervised, supervise } from "./supervise.ts";

const WRONG_USAGE = 2;

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (typeof options === "number") return options;
    return isSupervised() ? await perform(options) : await supervise(options.seed, argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`death-points: ${error.message}`);
    return WRONG_USAGE;
  }
}

// A Worker that hangs must not keep the process.
process.exit(await main(Bun.argv.slice(2)));
