/** A recording that cannot be used: broken, truncated, absurd, or no recording at all. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  /** The file as it was named to the reader. */
  readonly file: string;
  /** Where in the unpacked content: `line 17` (from 1), `byte 208` (from 0), or empty if it is the whole file. */
  readonly place: string;

  constructor(file: string, place: string, what: string) {
    super(place === "" ? `${file}: ${what}` : `${file}, ${place}: ${what}`);
    this.file = file;
    this.place = place;
  }
}

/** Reports what is wrong at the place that is being read. */
export type Fail = (what: string) => never;
