/** A picture of the heap at several moments, one panel each: addresses run from left to right and from row to row. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Moment, ShownBlock } from "./scenes.ts";

const PANEL_WIDTH = 300;
const ROW_HEIGHT = 16;
/** Rows a panel has at the most: a longer heap gets longer rows. */
const MOST_ROWS = 12;
const LEAST_ROW_BYTES = 4096;

const COLOURS = { free: "#d9ead3", "in use": "#9fb4cc", "last request": "#e69138" };

interface Piece {
  readonly moment: number;
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly kind: ShownBlock["kind"];
}

/** A block that goes on in the next row is drawn as two pieces. */
function piecesOf({ blocks }: Moment, moment: number, rowBytes: number): Piece[] {
  return blocks.flatMap(({ offset, byteLength, kind }) => {
    const pieces: Piece[] = [];
    for (let at = offset; at < offset + byteLength; ) {
      const row = Math.floor(at / rowBytes);
      const end = Math.min(offset + byteLength, (row + 1) * rowBytes);
      pieces.push({ moment, row, from: at - row * rowBytes, to: end - row * rowBytes, kind });
      at = end;
    }
    return pieces;
  });
}

function rowBytesFor(moments: readonly Moment[]): number {
  const last = moments.flatMap(({ blocks }) => blocks.map((block) => block.offset + block.byteLength));
  let rowBytes = LEAST_ROW_BYTES;
  while (Math.max(...last) > rowBytes * MOST_ROWS) rowBytes *= 2;
  return rowBytes;
}

function panel(title: string, moment: number, rows: number, rowBytes: number) {
  return {
    title: { text: title, fontSize: 11, fontWeight: "normal" },
    width: PANEL_WIDTH,
    height: rows * ROW_HEIGHT,
    transform: [{ filter: `datum.moment === ${moment}` }],
    mark: { type: "rect", stroke: "white", strokeWidth: 1 },
    encoding: {
      x: { field: "from", type: "quantitative", scale: { domain: [0, rowBytes], nice: false }, axis: null },
      x2: { field: "to" },
      y: { field: "row", type: "ordinal", scale: { domain: [...Array(rows).keys()] }, axis: null },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
        legend: { title: null, orient: "bottom" },
      },
    },
  };
}

/** The SVG of the moments side by side. */
export async function draw(moments: readonly Moment[]): Promise<string> {
  const rowBytes = rowBytesFor(moments);
  const values = moments.flatMap((moment, at) => piecesOf(moment, at, rowBytes));
  const rows = Math.max(...values.map(({ row }) => row)) + 1;
  const spec = {
    background: "white",
    data: { values },
    hconcat: moments.map(({ title }, at) => panel(title, at, rows, rowBytes)),
    config: { aria: false, view: { stroke: "#cccccc" }, concat: { spacing: 12 } },
  } as TopLevelSpec;
  return new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
}
