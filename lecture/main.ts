/**
 * Runs the lecture's programs on the policy `husky`, each on an arena of its own:
 *
 *   bun run lecture [program...]
 *
 * A program's line goes to the standard output, the report of the counters to standard error. Exit codes: 0 done,
 * 2 wrong usage.
 */
import { Arena } from "../src/index.ts";
import { programs } from "./programs.ts";
import { huskyReport } from "./report.ts";

const WRONG_USAGE = 2;

const names = programs.map(({ name }) => name);
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`lecture: unknown program ${JSON.stringify(unknown)}; known: ${names.join(", ")}`);
  process.exit(WRONG_USAGE);
}
for (const { name, run } of programs) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  using arena = new Arena({ name, policy: "husky", workerCache: false });
  console.log(run(arena));
  console.error(huskyReport(arena));
}
