/** Progress on the standard error: a bar on a terminal, otherwise a line every few seconds. */
import { Presets, SingleBar } from "cli-progress";

const LINE_EVERY_MS = 10_000;

export interface Progress {
  update(what: string, done: number, planned: number): void;
  end(): void;
}

export function showProgress(): Progress {
  const bar = new SingleBar(
    {
      format: "{bar} {value} of {total} {what}",
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: true,
      notTTYSchedule: LINE_EVERY_MS,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(what, done, planned) {
      if (started) bar.update(done, { what });
      else bar.start(planned, done, { what });
      if (bar.getTotal() !== planned) bar.setTotal(planned);
      started = true;
    },
    end: () => bar.stop(),
  };
}
