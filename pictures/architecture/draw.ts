/** The picture of docs/architecture.md: an arena from its mappings down to the state bytes of one span. */

import { UNITS } from "../../src/core/span-classes.ts";
import { UNIT_BYTES } from "../../src/core/tunables.ts";
import { State, TAIL_UNKNOWN } from "../../src/memory/header.ts";
import { BlockState, CELL_BYTES } from "../../src/memory/span-table.ts";
import {
  blockStateOf,
  type ChainBlock,
  type Layout,
  type ShownMagazine,
  type ShownSpan,
  slotsOfAnArena,
} from "./scene.ts";
import { type Box, type RowShape, Sheet } from "./sheet.ts";

const WIDTH = 800;
const LEFT = 20;
const ROW_WIDTH = WIDTH - 2 * LEFT;

const COLOURS = {
  known: "#eeeeee",
  inUse: "#9fb4cc",
  held: "#fff2cc",
  remote: "#f4c7c3",
  free: "#d9ead3",
  empty: "#ffffff",
} as const;

const hex = (offset: number) => `+0x${offset.toString(16)}`;
const MIB = 2 ** 20;

/** Where the next thing is drawn. */
class Page {
  readonly sheet = new Sheet(WIDTH);
  private y = 0;

  skip(height: number): void {
    this.y += height;
  }

  title(content: string): void {
    this.skip(32);
    this.sheet.text(LEFT, this.y, content, 14, { bold: true });
    this.skip(6);
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) {
      this.skip(13);
      this.sheet.text(LEFT, this.y, line, 11.5, { quiet: true });
      this.skip(3);
    }
  }

  /** A row of boxes, with room for its ticks if it has any. */
  row(height: number, boxes: readonly Box[], place: Partial<RowShape> = {}): void {
    this.skip(7);
    this.sheet.row({ x: LEFT, y: this.y, width: ROW_WIDTH, height, ...place }, boxes);
    this.skip(height + (boxes.some(({ tick }) => tick !== undefined) ? 20 : 0));
  }

  /** What stands left of the row that comes next. */
  label(content: string, height: number): void {
    this.sheet.text(LEFT, this.y + 7 + height / 2 + 4, content, 11);
  }

  end(): string {
    return this.sheet.toString(this.y + 20);
  }
}

export function drawArchitecture(layout: Layout): string {
  const page = new Page();
  page.skip(28);
  page.sheet.text(LEFT, 28, "One arena in memory", 18, { bold: true });
  page.skip(4);
  page.say(
    "Drawn by `bun run pictures` from an arena on real memory, after 4 malloc(2000), malloc(5000), 8 malloc(48), malloc(700)",
    "and malloc(80 MiB), and five frees. Places are bytes from the base of the mapping. Widths are not to scale.",
  );
  drawLegend(page);
  drawMappings(page, layout);
  drawHead(page, layout);
  drawChain(page, layout);
  drawSegment(page, layout);
  drawSpan(page, layout);
  return page.end();
}

function drawLegend(page: Page): void {
  page.row(20, [
    { share: 1, fill: COLOURS.inUse, lines: ["in use"] },
    { share: 1.9, fill: COLOURS.held, lines: ["ready, or one Worker's"] },
    { share: 2.1, fill: COLOURS.remote, lines: ["freed by another Worker"] },
    { share: 1, fill: COLOURS.free, lines: ["free"] },
    { share: 1.8, fill: COLOURS.known, lines: ["about blocks"] },
    { share: 1.8, fill: COLOURS.empty, lines: ["nothing yet"], isVoid: true },
  ]);
}

function drawMappings(page: Page, { window, table, large }: Layout): void {
  const { first, top, access, byteLength } = window;
  page.title("1  The mappings");
  page.say("The window: address space that is reserved as a whole, and made accessible from its base on.");
  page.row(38, [
    { share: 2, fill: COLOURS.known, lines: ["head", "see 2"], tick: hex(0) },
    { share: 3, fill: COLOURS.inUse, lines: ["chain of blocks", "see 3"], tick: `${hex(first)} first` },
    {
      share: 2.6,
      fill: COLOURS.empty,
      lines: ["accessible", "no block yet"],
      tick: `${hex(top)} top`,
      isVoid: true,
    },
    {
      share: 3,
      fill: COLOURS.empty,
      lines: ["reserved", `up to ${hex(byteLength)}`],
      tick: `${hex(access)} access`,
      isVoid: true,
    },
  ]);
  page.say(
    "The span table, made with the window's first segment: what is known of blocks that have no header.",
  );
  page.row(38, [
    {
      share: 2,
      fill: COLOURS.known,
      lines: ["magazines", `of ${slotsOfAnArena} slots`],
      tick: hex(table.magazines),
    },
    {
      share: 2,
      fill: COLOURS.known,
      lines: ["states", `a byte each ${CELL_BYTES} bytes`],
      tick: hex(table.states),
    },
    { share: 2, fill: COLOURS.known, lines: ["page map", "a word a unit"], tick: hex(table.map) },
    { share: 2, fill: COLOURS.known, lines: ["records", "8 words a unit"], tick: hex(table.records) },
    {
      share: 2,
      fill: COLOURS.known,
      lines: ["segments", "4 words a segment"],
      tick: hex(table.segments),
    },
  ]);
  page.say(
    "A block above the large threshold: a mapping of its own. The table that lists it is another one.",
  );
  page.row(38, [
    { share: 2, fill: COLOURS.known, lines: ["seal", `${large.offset} bytes`] },
    {
      share: 8,
      fill: COLOURS.inUse,
      lines: [
        "payload",
        `${large.requestedBytes / MIB} MiB were asked for, ${large.mappedBytes} bytes are mapped`,
      ],
    },
  ]);
}

function drawHead(page: Page, { head, cache, lists, slot }: Layout): void {
  page.title("2  The head of the window");
  page.say(
    "Of every window the same; only the first one's control block is used. What is not touched costs nothing.",
  );
  page.row(38, [
    { share: 1.7, fill: COLOURS.known, lines: ["header", "first, top, high"], tick: hex(0) },
    { share: 1.6, fill: COLOURS.known, lines: ["policy area", "the policy's"], tick: hex(head.policy) },
    { share: 2, fill: COLOURS.known, lines: ["orphans", "spans without owner"], tick: hex(head.orphans) },
    {
      share: 2,
      fill: COLOURS.held,
      lines: ["caches", `${slotsOfAnArena} x ${cache.byteLength} bytes`],
      tick: hex(head.caches),
    },
    {
      share: 2.1,
      fill: COLOURS.known,
      lines: ["control block", "lock, counters, slots"],
      tick: hex(head.control),
    },
    {
      share: 1.7,
      fill: COLOURS.known,
      lines: ["touched pages", "a bit a page"],
      tick: hex(head.touched),
    },
  ]);
  page.say(
    `What slot ${slot} has in the caches, at ${hex(cache.offset)}: its lists of blocks with a header, one for each size class.`,
  );
  const list = lists[0]!;
  page.row(38, [
    { share: 1, fill: COLOURS.held, lines: ["freeing", `${cache.freeing}`] },
    { share: 1.2, fill: COLOURS.held, lines: ["reallocating", `${cache.reallocating}`] },
    { share: 1.3, fill: COLOURS.held, lines: ["kept", `${cache.kept} granules`] },
    {
      share: 3,
      fill: COLOURS.held,
      lines: ["lists", `class ${list.cls}: ${list.blocks.map(hex).join(", ")}, then 0`],
      tick: hex(cache.lists),
    },
    {
      share: 2,
      fill: COLOURS.remote,
      lines: ["pending", `span ${cache.pending}, at ${hex(cache.pending * UNIT_BYTES)}`],
      tick: hex(cache.pendingOffset),
    },
    { share: 1.5, fill: COLOURS.held, lines: ["has magazines", `${cache.hasMagazines}`] },
  ]);
}

function chainBox({ offset, byteLength, state, slot, tail, isSegment }: ChainBlock): Box {
  const tick = hex(offset);
  const size = `${byteLength} bytes`;
  if (isSegment) return { share: 1.2, fill: COLOURS.known, lines: ["segment", size, "cached, slot 0"], tick };
  if (state === State.free) return { share: 1, fill: COLOURS.free, lines: ["free", size], tick };
  if (state === State.cached)
    return { share: 1, fill: COLOURS.held, lines: ["cached", size, `slot ${slot}`], tick };
  const rest = tail === TAIL_UNKNOWN ? `tail ${tail}+` : `tail ${tail}`;
  return { share: 1, fill: COLOURS.inUse, lines: ["in use", size, `slot ${slot}, ${rest}`], tick };
}

function drawChain(page: Page, { chain }: Layout): void {
  page.title("3  The chain of blocks, from first to top");
  page.say(
    "A block's place is that of its payload; its header is the 8 bytes before. Two blocks of 2000 bytes that went back to the",
    "policy are one; a third one was freed and is on the list above. The last block of the chain is a segment.",
  );
  page.row(56, chain.map(chainBox));
  const at = chain.findIndex(({ free }) => free !== undefined);
  const block = chain[at]!;
  const behind = chain[at + 1]!;
  const { next, previous, since, footer } = block.free!;
  page.say(`The free block at ${hex(block.offset)}, word by word, and the word behind it:`);
  page.row(38, [
    {
      share: 1.6,
      fill: COLOURS.known,
      lines: ["word 0", `${block.granules} granules`],
      tick: hex(block.offset - 8),
    },
    { share: 1.6, fill: COLOURS.known, lines: ["word 1", "check, free"] },
    { share: 1, fill: COLOURS.free, lines: ["next", `${next}`], tick: hex(block.offset) },
    { share: 1, fill: COLOURS.free, lines: ["previous", `${previous}`] },
    { share: 1.2, fill: COLOURS.free, lines: ["free since", `look ${since}`] },
    { share: 1, fill: COLOURS.free, lines: ["..."] },
    {
      share: 1.5,
      fill: COLOURS.free,
      lines: ["footer", `${footer} granules`],
      tick: hex(block.offset + block.byteLength - 12),
    },
    {
      share: 2.4,
      fill: COLOURS.known,
      lines: ["word 0 behind", `previous free: ${behind.previousFree ? 1 : 0}`],
      tick: hex(behind.offset - 8),
    },
  ]);
}

function drawSegment(page: Page, { segment }: Layout): void {
  const { spans, offset } = segment;
  page.title(`4  The segment at ${hex(offset)}: ${UNITS} units of ${UNIT_BYTES} bytes, to scale`);
  page.row(
    24,
    Array.from({ length: UNITS }, (_, unit) => {
      const at = spans.findIndex((span) => unit >= span.unit && unit < span.unit + span.units);
      return {
        share: 1,
        fill: at < 0 ? COLOURS.free : COLOURS.inUse,
        lines: at < 0 ? [] : [at === 0 ? "A" : "B"],
        ...(unit % 8 === 0 && { tick: hex(offset + unit * UNIT_BYTES) }),
      };
    }),
  );
  const firstUnit = offset / UNIT_BYTES;
  const last = spans.at(-1)!;
  page.say("The page map's words of these units: they say which span an address lies in, and whose it is.");
  page.row(38, [
    ...spans.flatMap((span, at) =>
      span.backs.map((back, unit) => ({
        share: 1,
        fill: COLOURS.known,
        lines: [
          `unit ${firstUnit + span.unit + unit}: span ${at === 0 ? "A" : "B"}`,
          `class ${span.cls}, slot ${span.owner}, ${back} back`,
        ],
      })),
    ),
    {
      share: 1,
      fill: COLOURS.free,
      lines: [`units ${firstUnit + last.unit + last.units} to ${firstUnit + UNITS - 1}`, "no span has them"],
    },
  ]);
}

const FILLS: Readonly<Record<number, string>> = {
  0: COLOURS.empty,
  [BlockState.inUse]: COLOURS.inUse,
  [BlockState.ready]: COLOURS.held,
  [BlockState.remote]: COLOURS.remote,
  [BlockState.free]: COLOURS.free,
};

const NAMES: Readonly<Record<number, string>> = {
  [BlockState.inUse]: "in use",
  [BlockState.ready]: "ready",
  [BlockState.remote]: "remote",
  [BlockState.free]: "free",
};

/** The blocks that begin in the cells shown, in the order of addresses. */
function statesOfBlocks({ states, blockBytes }: ShownSpan): number[] {
  const blocks = Math.floor((states.length * CELL_BYTES) / blockBytes);
  return Array.from({ length: blocks }, (_, at) =>
    blockStateOf(states[Math.floor((at * blockBytes) / CELL_BYTES)]!),
  );
}

function drawSpan(page: Page, { segment, magazines, slot }: Layout): void {
  const span = segment.spans[0]!;
  const place = { x: LEFT + 50, width: ROW_WIDTH - 50 };
  page.title(`5  Span A: the first blocks of ${span.blockBytes} bytes, to scale, and their state bytes`);
  page.say(
    "A state byte says what begins in its 32 bytes: bit 0 in which half, bits 3 to 1 the state. From these bytes, the page",
    "map and the record's shape all other words of the table can be made anew.",
  );
  page.label("states", 22);
  page.row(
    22,
    span.states.map((state) => ({
      share: 1,
      fill: FILLS[blockStateOf(state)]!,
      lines: [`${state}`],
      isVoid: state === 0,
    })),
    place,
  );
  page.label("blocks", 22);
  page.row(
    22,
    statesOfBlocks(span).map((state) => ({ share: 1, fill: FILLS[state]!, lines: [NAMES[state]!] })),
    place,
  );
  page.say(
    "Its record. Another Worker has freed a block: the span is marked, and slot 1's word pending (in 2) leads to it.",
  );
  const { free, cursor, next, remote, pendingNext, formers } = span.record;
  page.row(38, [
    { share: 1, fill: COLOURS.known, lines: ["free", `${free}`] },
    { share: 1, fill: COLOURS.known, lines: ["cursor", `${cursor}`] },
    { share: 1, fill: COLOURS.known, lines: ["next", `${next}`] },
    { share: 1, fill: COLOURS.remote, lines: ["remote", `${remote}`] },
    { share: 1.2, fill: COLOURS.remote, lines: ["pendingNext", `${pendingNext}`] },
    {
      share: 2,
      fill: COLOURS.known,
      lines: ["shape", `${span.blocks} blocks, ${span.units} unit${span.units > 1 ? "s" : ""}`],
    },
    { share: 1, fill: COLOURS.known, lines: ["formers", formers.length === 0 ? "none" : formers.join(", ")] },
  ]);
  drawMagazine(page, magazines[0]!, slot);
}

function drawMagazine(page: Page, { cls, offset, ready, head, capacity }: ShownMagazine, slot: number): void {
  page.say(
    `Slot ${slot}'s magazine of class ${cls}, at ${hex(offset)} of the table: a stack of places, the next block to hand out first.`,
  );
  const shown = ready.slice(0, 4);
  page.row(38, [
    { share: 1, fill: COLOURS.held, lines: ["count", `${ready.length}`] },
    ...shown.map((place, at) => ({
      share: 1.2,
      fill: COLOURS.held,
      lines: [at === 0 ? "on top" : `${at} below`, hex(place)],
    })),
    { share: 1.4, fill: COLOURS.held, lines: [`${ready.length - shown.length} more`] },
    { share: 1.3, fill: COLOURS.known, lines: ["first span", `${head}`] },
    { share: 1.6, fill: COLOURS.known, lines: ["blocks of spans", `${capacity}`] },
  ]);
}
