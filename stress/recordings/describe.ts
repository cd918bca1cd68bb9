/** Prints the figures of recordings: `bun stress/recordings/describe.ts [--json] FILE...` */
import { statSync } from "node:fs";
import Table from "cli-table3";
import { Command } from "commander";
import { runCommand } from "./command.ts";
import { readRecording } from "./read.ts";
import { Operation } from "./recording.ts";

/** One line of the table; bytes are bytes, the rest are counts. */
function describe(path: string) {
  const recording = readRecording(path);
  const count = (kind: Operation) => recording.operation.reduce((sum, one) => sum + Number(one === kind), 0);
  return {
    name: recording.name,
    operations: recording.length,
    malloc: count(Operation.malloc),
    calloc: count(Operation.calloc),
    realloc: count(Operation.realloc),
    aligned: count(Operation.alignedAlloc),
    free: count(Operation.free),
    threads: recording.threads,
    crossThreadFrees: recording.crossThreadFrees,
    blocks: recording.blocks,
    peakLiveBlocks: recording.peakLiveBlocks,
    peakLiveBytes: recording.peakLiveBytes,
    largestBytes: recording.size.reduce((most, size) => Math.max(most, size), 0),
    fileBytes: statSync(path).size,
  };
}

/** `peakLiveBytes` as a table head. */
function spell(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function print(files: string[], options: { json?: true }): void {
  const rows = files.map(describe);
  if (options.json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  const keys = Object.keys(rows[0]!);
  const table = new Table({ head: keys.map(spell), style: { head: [], border: [] } });
  for (const row of rows) {
    table.push(
      Object.values(row).map((value) =>
        typeof value === "string" ? value : { content: value.toLocaleString("en"), hAlign: "right" as const },
      ),
    );
  }
  console.log(table.toString());
}

runCommand(
  new Command("describe")
    .description("Prints the figures of recordings of any known kind.")
    .argument("<files...>", "the recordings")
    .option("--json", "print JSON instead of a table")
    .action(print),
);
