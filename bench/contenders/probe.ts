/** Whether a contender can be used here: prints `{"version": ...}`, or null and why not. */
import { contenderNamed } from "./catalogue.ts";

const { contender: name, files } = JSON.parse(process.argv[2]!);
const contender = contenderNamed(name, files);
try {
  const version = contender.version();
  await contender.open(files);
  console.log(JSON.stringify({ version }));
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  console.log(JSON.stringify({ version: null, missing: text.split("\n").at(-1) }));
}
