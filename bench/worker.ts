/** A Worker of bench/crew.ts: prepares its loop, then runs it each time the main thread orders a run. */
import { contenderNamed } from "./contenders/catalogue.ts";
import { type Duty, Word } from "./crew.ts";
import { rows } from "./rows/catalogue.ts";

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<Duty>) => {
  const words = new Int32Array(data.control);
  try {
    await obey(data, words);
  } catch (error) {
    console.error(error);
    Atomics.add(words, Word.broken, 1);
    report(words);
  }
};

async function obey(duty: Duty, words: Int32Array): Promise<never> {
  const row = rows.find(({ name }) => name === duty.row)!;
  const opened = await contenderNamed(duty.contender, duty.files).open(duty.files, duty.handle);
  if ("floor" in opened) throw new Error("C starts its own threads");
  const loop = row.script(opened.calls, duty);
  for (let runs = 0; ; runs++) {
    report(words);
    Atomics.wait(words, Word.ordered, runs);
    loop();
  }
}

function report(words: Int32Array): void {
  Atomics.add(words, Word.done, 1);
  Atomics.notify(words, Word.done);
}
