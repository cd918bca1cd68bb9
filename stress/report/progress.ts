/** Progress on the standard error: a bar on a terminal, otherwise a line every few seconds. */
import { Presets, SingleBar } from "cli-progress";

const LINE_EVERY_MS = 5000;

export interface Progress {
  /** `done` of the total; `describe` says what else there is to tell. */
  update(done: number, describe: () => string): void;
  end(): void;
}

/** `total` in `unit`, for instance 30 "s". */
export function showProgress(label: string, total: number, unit: string): Progress {
  return process.stderr.isTTY ? new Bar(label, total) : new Lines(label, total, unit);
}

class Bar implements Progress {
  private readonly bar: SingleBar;

  constructor(
    label: string,
    private readonly total: number,
  ) {
    const format = `${label.padEnd(20)} {bar} {percentage}% | {text}`;
    this.bar = new SingleBar(
      { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 24 },
      Presets.shades_classic,
    );
    this.bar.start(total, 0, { text: "starting" });
  }

  update(done: number, describe: () => string): void {
    this.bar.update(Math.min(done, this.total), { text: describe() });
  }

  end(): void {
    this.bar.stop();
  }
}

class Lines implements Progress {
  private next = performance.now() + LINE_EVERY_MS;

  constructor(
    private readonly label: string,
    private readonly total: number,
    private readonly unit: string,
  ) {}

  update(done: number, describe: () => string): void {
    if (performance.now() < this.next) return;
    this.next += LINE_EVERY_MS;
    const late = done > this.total;
    const part = `${done.toFixed(0)} ${late ? `${this.unit}, ending` : `of ${this.total.toFixed(0)} ${this.unit}`}`;
    process.stderr.write(`${this.label}: ${part}, ${describe()}\n`);
  }

  end(): void {}
}
