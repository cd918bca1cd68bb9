/** An SVG of boxes in rows: text is written line by line, so that the file can be compared and read. */

/** Characters of this width fit with the fonts that browsers choose; wider ones do not occur. */
const CHARACTER_WIDTH = 0.56;
const PADDING = 4;

export interface Box {
  /** Share of the row's width. */
  readonly share: number;
  readonly fill: string;
  /** The first line stands out. */
  readonly lines: readonly string[];
  /** Under the box's left edge. */
  readonly tick?: string;
  /** Nothing is there: a dashed border. */
  readonly isVoid?: boolean;
}

export interface RowShape {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const INK = "#222222";
const QUIET = "#555555";

export class Sheet {
  private readonly parts: string[] = [];

  constructor(readonly width: number) {}

  text(x: number, y: number, content: string, size = 12, options: { bold?: boolean; quiet?: boolean } = {}) {
    const end = x + content.length * size * CHARACTER_WIDTH;
    if (end > this.width) throw new Error(`"${content}" ends at ${end}, beyond ${this.width}`);
    this.write(x, y, content, size, options.bold === true, options.quiet === true ? QUIET : INK, "start");
  }

  /** A row of boxes. Throws if a line is too long for its box. */
  row({ x, y, width, height }: RowShape, boxes: readonly Box[], size = 11): void {
    const shares = boxes.reduce((sum, { share }) => sum + share, 0);
    let left = x;
    for (const { share, fill, lines, tick, isVoid } of boxes) {
      const length = (width * share) / shares;
      const dashes = isVoid === true ? ' stroke-dasharray="4 3"' : "";
      this.parts.push(
        `<rect x="${round(left)}" y="${round(y)}" width="${round(length)}" height="${round(height)}" fill="${fill}" stroke="#666666"${dashes}/>`,
      );
      const step = size + 3;
      const first = y + height / 2 - ((lines.length - 1) * step) / 2 + size * 0.36;
      lines.forEach((line, at) => {
        const needed = line.length * size * CHARACTER_WIDTH + PADDING;
        if (needed > length) throw new Error(`"${line}" needs ${needed}, its box has ${length}`);
        const isName = at === 0 && lines.length > 1;
        this.write(left + length / 2, first + at * step, line, size, isName, INK, "middle");
      });
      if (tick !== undefined) this.write(left, y + height + size + 1, tick, size - 1, false, QUIET, "start");
      left += length;
    }
  }

  toString(height: number): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${height}" viewBox="0 0 ${this.width} ${height}" font-family="Helvetica, Arial, sans-serif">`,
      `<rect width="${this.width}" height="${height}" fill="#ffffff"/>`,
      ...this.parts,
      "</svg>\n",
    ].join("\n");
  }

  private write(
    x: number,
    y: number,
    content: string,
    size: number,
    bold: boolean,
    fill: string,
    anchor: string,
  ) {
    const weight = bold ? ' font-weight="bold"' : "";
    this.parts.push(
      `<text x="${round(x)}" y="${round(y)}" font-size="${size}"${weight} fill="${fill}" text-anchor="${anchor}">${escaped(content)}</text>`,
    );
  }
}

const round = (value: number) => Math.round(value * 10) / 10;
const escaped = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
