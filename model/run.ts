/** `bun run model`: see `--help`, and docs/model.md for the model. */
import { availableParallelism } from "node:os";
import { version } from "../package.json";
import { type Configuration, configurations, type Plant, plants } from "./configurations.ts";
import { type ModelOptions, parseOptions } from "./options.ts";
import {
  type Checked,
  configurationTable,
  counterexample,
  markdown,
  plantTable,
  type Tried,
} from "./report.ts";
import { faultsIn } from "./verdict.ts";
import { missingProgram, type Result, verify } from "./verifier.ts";

const PASSED = 0;
const FAULT = 1;

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (typeof options === "number") return options;
  const say = options.json === "-" ? console.error : console.log;
  const missing = missingProgram();
  if (missing !== undefined) {
    say(`not run: ${missing} is missing (Debian package ${missing})`);
    return PASSED;
  }
  const isWanted = ({ quick }: Configuration) => quick || !options.quick;
  const [wanted, planted] = [configurations.filter(isWanted), plants.filter(isWanted)];
  const results = await verifyAll([...wanted, ...planted]);
  const checked: Checked[] = wanted.map((configuration, at) => ({ configuration, result: results[at]! }));
  const tried: Tried[] = planted.map((plant, at) => ({ plant, result: results[wanted.length + at]! }));
  say(configurationTable(checked));
  for (const { configuration, result } of checked.filter(({ result }) => result.violation !== undefined)) {
    say(`${configuration.name}: ${result.violation}\n${result.trail.map((line) => `  ${line}`).join("\n")}`);
  }
  say(plantTable(tried));
  for (const one of tried) say(`\n${counterexample(one)}`);
  await deliver(options, checked, tried);
  const faults = faultsIn(checked, tried);
  for (const fault of faults) say(`fault: ${fault}`);
  if (faults.length > 0) return FAULT;
  const mistakes = `${tried.length} planted mistake${tried.length === 1 ? "" : "s"}`;
  say(`passed: all properties hold in ${checked.length} configurations, ${mistakes} found`);
  return PASSED;
}

/** Checks all, two at a time where there are two processors: a search uses one, and up to 4 GiB of memory. */
async function verifyAll(all: readonly (Configuration | Plant)[]): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...all.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results[next[0]] = await verifyAloud(next[1]);
  };
  await Promise.all(availableParallelism() > 1 ? [work(), work()] : [work()]);
  return results;
}

/** Checks and says how far the command is. */
async function verifyAloud(configuration: Configuration | Plant): Promise<Result> {
  const result = await verify(configuration);
  console.error(`${configuration.name}: ${result.statesStored} states, ${result.violation ?? "holds"}`);
  return result;
}

/** Writes what was asked for. */
async function deliver(options: ModelOptions, checked: Checked[], tried: Tried[]): Promise<void> {
  if (options.json !== undefined) {
    const report = { versions: { husky: version, bun: Bun.version }, quick: options.quick, checked, tried };
    await Bun.write(options.json === "-" ? Bun.stdout : options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (options.write !== undefined) {
    const text = await Bun.file(options.write).text();
    const section = /(<!-- figures -->\n)[\s\S]*(<!-- end of figures -->)/;
    if (!section.test(text)) throw new Error(`${options.write} has no section between the marks of figures`);
    await Bun.write(
      options.write,
      text.replace(section, (_, from, to) => `${from}\n${markdown(checked, tried)}\n\n${to}`),
    );
  }
}

process.exit(await main(Bun.argv.slice(2)));
