/** The plot of the README: for each row, the times of the others relative to Husky's, on a logarithmic axis. */
import { parse, View, Warn } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
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

const THROUGH_FFI = "called through FFI";
const IN_C = "the same loop in C";
const COLLECTED = "collected";
const WAYS = [THROUGH_FFI, IN_C, COLLECTED];

interface Point {
  readonly row: string;
  readonly allocator: string;
  readonly way: string;
  readonly ratio: number;
}

function points(results: Results): Point[] {
  return results.rows.flatMap((row) => {
    const husky = nsOf(row, "husky");
    if (husky === undefined) return [];
    return results.contenders.flatMap(({ name, kind }) => {
      const ns = nsOf(row, name);
      const allocator = kind === "native" ? name.slice(2) : name === "libc" ? "glibc" : name;
      if (ns === undefined || COLOURS[allocator] === undefined) return [];
      const way = kind === "native" ? IN_C : kind === "ffi" ? THROUGH_FFI : COLLECTED;
      return [{ row: row.name, allocator, way, ratio: ns / husky }];
    });
  });
}

const LEAST = 1 / 16;
const MOST = 64;
const TICKS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64];

/** What lies outside of the axis stands at its end. */
const clamped = (ratio: number) => Math.min(MOST, Math.max(LEAST, ratio));

export function plotSpec(results: Results): TopLevelSpec {
  const values = points(results).map((point) => ({ ...point, ratio: clamped(point.ratio) }));
  const y = {
    field: "row",
    type: "nominal",
    sort: results.rows.map(({ name }) => name),
    title: null,
    axis: {
      labelLimit: 300,
      labelFontSize: 12,
      grid: true,
      gridColor: "#eeeeee",
      ticks: false,
      domain: false,
    },
  } as const;
  const x = {
    field: "ratio",
    type: "quantitative",
    scale: { type: "log", base: 2, domain: [LEAST, MOST] },
    title: null,
    axis: {
      orient: "top",
      values: TICKS,
      labelExpr:
        "datum.value < 1 ? '1/' + 1 / datum.value : datum.value == 1 ? 'as Husky' : datum.value + ' ×'",
      labelFontSize: 12,
      gridColor: "#eeeeee",
      domain: false,
      ticks: false,
    },
  } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    width: 620,
    height: { step: 21 },
    title: {
      text: "Time of one operation, relative to Husky",
      subtitle: "left of the line: quicker than Husky; right of it: slower",
      anchor: "start",
      fontSize: 16,
      subtitleFontSize: 12,
      subtitleColor: "#555555",
      offset: 12,
    },
    config: { font: "Helvetica, Arial, sans-serif", view: { stroke: null } },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", color: HUSKY, strokeWidth: 2.5 },
        encoding: { x: { field: "one", type: "quantitative" } },
      },
      {
        data: { values },
        mark: { type: "point", size: 70, strokeWidth: 1.8, opacity: 0.9 },
        encoding: {
          x,
          y,
          color: {
            field: "allocator",
            type: "nominal",
            scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
            legend: { title: null, labelFontSize: 12, symbolType: "circle", symbolFillColor: "white" },
          },
          fill: {
            condition: {
              test: `datum.way === '${IN_C}'`,
              value: "white",
            },
            field: "allocator",
            type: "nominal",
            scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
            legend: null,
          },
          shape: {
            field: "way",
            type: "nominal",
            scale: { domain: WAYS, range: ["circle", "circle", "diamond"] },
            legend: null,
          },
        },
      },
    ],
  } as TopLevelSpec;
}

export async function plotMicro(results: Results): Promise<string> {
  const view = new View(parse(compile(plotSpec(results)).spec), { renderer: "none", logLevel: Warn });
  return `${await view.toSVG()}\n`;
}
