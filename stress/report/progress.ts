/** Progress on the standard error: a bar on a terminal, otherwise a line every few seconds. */
import { Presets, SingleBar } from "cli-progress";
import type { Figures } from "../crew/crew.ts";
import { count, mebibytes, rate } from "./units.ts";

const LINE_EVERY_SECONDS = 5;

export interface Progress {
  update(figures: Figures): void;
  end(): void;
}

export function showProgress(label: string, seconds: number): Progress {
  return process.stderr.isTTY ? new Bar(label, seconds) : new Lines(label, seconds);
}

const describe = ({ operations, liveBytes, seconds }: Figures): string =>
  `${count(operations)} operations, ${rate(operations / Math.max(seconds, 0.001))}/s, ${mebibytes(liveBytes)} live`;

class Bar implements Progress {
  private readonly bar: SingleBar;

  constructor(
    label: string,
    private readonly seconds: number,
  ) {
    const format = `${label.padEnd(20)} {bar} {percentage}% | {text}`;
    this.bar = new SingleBar(
      { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 24 },
      Presets.shades_classic,
    );
    this.bar.start(seconds, 0, { text: "starting" });
  }

  update(figures: Figures): void {
    this.bar.update(Math.min(figures.seconds, this.seconds), { text: describe(figures) });
  }

  end(): void {
    this.bar.stop();
  }
}

class Lines implements Progress {
  private next = LINE_EVERY_SECONDS;

  constructor(
    private readonly label: string,
    private readonly seconds: number,
  ) {}

  update(figures: Figures): void {
    if (figures.seconds < this.next) return;
    this.next += LINE_EVERY_SECONDS;
    const late = figures.seconds > this.seconds;
    const time = `${figures.seconds.toFixed(0)} ${late ? "s, ending" : `of ${this.seconds.toFixed(0)} s`}`;
    process.stderr.write(`${this.label}: ${time}, ${describe(figures)}\n`);
  }

  end(): void {}
}
