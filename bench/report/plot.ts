/** The plot of the README: for each row, the times of the others relative to Husky's, on a logarithmic axis. */
import { parse, View, Warn } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Kind } from "../contenders/contender.ts";
import { nsOf, type Results } from "./results.ts";

/** One colour an allocator, in a palette that the colour-blind tell apart (M. Okabe, K. Ito, 2002). */
const COLOURS: Readonly<Record<string, string>> = {
  glibc: "#0072B2",
  mimalloc: "#E69F00",
  jemalloc: "#CC79A7",
  tcmalloc: "#009E73",
  ArrayBuffer: "#999999",
};
const HUSKY = "#D55E00";

type Plotted = Pick<Results, "rows" | "contenders">;

interface Heading {
  readonly title: string;
  /** What the marks are. */
  readonly marks: string;
}

interface Point {
  readonly row: string;
  readonly allocator: string;
  readonly kind: Kind;
  readonly ratio: number;
}

function points({ rows, contenders }: Plotted): Point[] {
  return rows.flatMap((row) => {
    const husky = nsOf(row, "husky");
    if (husky === undefined) return [];
    return contenders.flatMap(({ name, kind }) => {
      const ns = nsOf(row, name);
      const allocator = kind === "native" ? name.slice(2) : name === "libc" ? "glibc" : name;
      if (ns === undefined || COLOURS[allocator] === undefined) return [];
      return [{ row: row.name, allocator, kind, ratio: clamped(ns / husky) }];
    });
  });
}

const LEAST = 1 / 16;
const MOST = 64;
const TICKS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64];

/** What lies outside of the axis stands at its end. */
const clamped = (ratio: number) => Math.min(MOST, Math.max(LEAST, ratio));

function plotSpec(results: Plotted, { title, marks }: Heading): TopLevelSpec {
  const values = points(results);
  const colour = colourOf(values);
  const of = (kinds: readonly Kind[]) => ({ values: values.filter(({ kind }) => kinds.includes(kind)) });
  return {
    background: "white",
    padding: 20,
    width: 640,
    height: { step: 22 },
    title: {
      text: title,
      subtitle: ["left of the line: quicker than Husky, right of it: slower; at the edge: beyond", marks],
      anchor: "start",
      fontSize: 17,
      subtitleFontSize: 12.5,
      subtitleColor: "#555555",
      subtitleLineHeight: 18,
      offset: 14,
    },
    config: { font: "Helvetica, Arial, sans-serif", view: { stroke: null } },
    layer: [
      {
        data: { values: [{ ratio: 1 }] },
        mark: { type: "rule", color: HUSKY, strokeWidth: 2.5 },
        encoding: { x },
      },
      {
        data: of(["ffi", "javascript"]),
        mark: { type: "point", filled: true, size: 80, opacity: 0.9 },
        encoding: { x, y: yFor(results), color: colour, shape },
      },
      {
        data: of(["native"]),
        mark: { type: "point", fill: "white", size: 70, strokeWidth: 2, opacity: 1 },
        encoding: { x, y: yFor(results), color: colour },
      },
    ],
  };
}

const x = {
  field: "ratio",
  type: "quantitative",
  scale: { type: "log", base: 2, domain: [LEAST, MOST] as number[] },
  title: null,
  axis: {
    orient: "top",
    values: TICKS,
    labelExpr: "datum.value < 1 ? '1/' + 1 / datum.value : datum.value == 1 ? 'Husky' : datum.value + ' ×'",
    labelFontSize: 12,
    labelFlush: false,
    gridColor: "#e6e6e6",
    domain: false,
    ticks: false,
  },
} as const;

const yFor = ({ rows }: Plotted) =>
  ({
    field: "row",
    type: "nominal",
    sort: rows.map(({ name }) => name),
    title: null,
    axis: {
      labelLimit: 400,
      labelFontSize: 12.5,
      labelPadding: 14,
      grid: true,
      gridColor: "#f0f0f0",
      ticks: false,
      domain: false,
    },
  }) as const;

/** Those that the plot has. */
function colourOf(values: readonly Point[]) {
  const present = Object.entries(COLOURS).filter(([name]) =>
    values.some(({ allocator }) => allocator === name),
  );
  return {
    field: "allocator",
    type: "nominal",
    scale: { domain: present.map(([name]) => name), range: present.map(([, colour]) => colour) },
    legend: { title: null, labelFontSize: 12.5, symbolType: "circle", rowPadding: 6 },
  } as const;
}

/** Whoever is called by FFI is round. */
const shape = {
  field: "kind",
  type: "nominal",
  scale: { domain: ["ffi", "javascript"] as string[], range: ["circle", "diamond"] as string[] },
  legend: null,
} as const;

/** The plot as SVG. */
async function plot(results: Plotted, heading: Heading): Promise<string> {
  const view = new View(parse(compile(plotSpec(results, heading)).spec), {
    renderer: "none",
    logLevel: Warn,
  });
  return `${await view.toSVG()}\n`;
}

export const plotMicro = (results: Plotted): Promise<string> =>
  plot(results, {
    title: "Time of one operation, relative to Husky",
    marks: "●  one call through FFI each\u2003\u2003○  the same loop in C\u2003\u2003◆  objects, collected",
  });

export const plotRecordings = (results: Plotted): Promise<string> =>
  plot(results, {
    title: "Time of one operation in recordings of real programs, relative to Husky",
    marks: "●  one call through FFI each",
  });
