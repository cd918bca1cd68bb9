/** What is written into a source file changes nothing of what it does, and is at every place where it should be. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instrumented, instrument } from "../../stress/death-points/instrument.ts";

const STOP = new URL("../../stress/death-points/stop.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "husky-instrument-"));
afterAll(() => rmSync(folder, { recursive: true }));

const written = (source: string): Instrumented => instrument(source, "a.ts", STOP, 1);
const kinds = (source: string): string[] => written(source).points.map(({ kind }) => kind);

/** What the module's `run` returns. */
async function resultOf(name: string, text: string): Promise<unknown> {
  writeFileSync(join(folder, name), text);
  return (await import(join(folder, name))).run();
}

const program = `
class Base {
  constructor(readonly log: string[]) { this.log.push("base"); }
}
class Derived extends Base {
  private readonly first = this.add("field");
  constructor(private readonly name: string, log: string[] = new Array()) {
    super(log.concat("given"));
    this.add(name);
  }
  get size(): number { return this.log.length; }
  add(text: string): this { this.log.push(text); return this; }
  find(text: string): { value?: () => string } | undefined {
    return this.log.includes(text) ? { value: () => text + this.name } : undefined;
  }
  *items(): Iterable<string> { for (const item of this.log) yield item.toUpperCase(); }
}
const object = (value: number) => ({ value });
const twice = (act: (x: number) => number) => (x: number) => act(act(x));
export function run(): unknown {
  const derived = new Derived("name");
  derived.add("a").add("b");
  let turns = 0;
  for (let i = 0; i < 3; i++) if (i === 1) continue; else turns += Math.max(i, 1);
  while (turns < 9) turns++;
  do turns++; while (turns < 12);
  const caught = (() => { try { throw new Error(String(turns)); } catch (error) { return (error as Error).message; } })();
  const { add } = derived;
  const log = { log: [] as string[] };
  add.call(log as never, "bound");
  const missing = derived.find("nobody")?.value?.().length;
  return [
    [...derived.items()], derived.size, turns, caught, log.log, object(3), twice((x) => x * 3)(2), missing,
    derived.find("b")?.value?.().concat("!").length, derived.find("a")!.value!(), typeof Date.now(), \`\${object(1).value}\`,
    new (class { readonly deep = [object(7)].map(({ value }) => value); })().deep,
  ];
}
`;

test("a program does the same with death points in it", async () => {
  const { text, points } = written(program);
  expect(await resultOf("instrumented.ts", text)).toEqual(await resultOf("plain.ts", program));
  expect(points.length).toBeGreaterThan(80);
});

test("every point is visited where the program comes past it, with its number", async () => {
  const { countVisits } = await import("../../stress/death-points/stop.ts");
  const { text, points } = written(program);
  const visits = new Int32Array(points.length + 1);
  countVisits(visits);
  await resultOf("counted.ts", text);
  countVisits(undefined);
  const left = points
    .filter(({ number }) => visits[number] === 0)
    .map(({ line, text }) => `${line}: ${text}`);
  // The short circuit: its arguments are never evaluated, but the chain around it is.
  expect(left).toEqual([]);
  const turns = points.filter(({ kind }) => kind === "turn").map(({ number }) => visits[number]);
  expect(turns).toEqual([6, 3, 6, 3]);
});

test("before and after calls, constructors and Atomics functions", () => {
  expect(kinds("export function f(a) { g(a); return new H(Atomics.load(a, 0)); }")).toEqual([
    "entry",
    "before",
    "after",
    "before",
    "after",
    "before",
    "after",
  ]);
});

test("before each store to shared memory, and not before one to an array of the Worker's own", () => {
  const { text, points } = written(
    "function f(own, at) { words[at] = 1; a.doubles[at]! += 2; own[at] = 3; if (at) a.b.table[at]! |= 4; own.table = 5; }",
  );
  expect(points.map(({ kind }) => kind)).toEqual(["entry", "store", "store", "store"]);
  expect(points[2]!.text).toBe("a.doubles[at]! += 2");
  expect(text).toContain("(__before(3), a.doubles[at]! += 2); own[at] = 3; if (at) (__before(4), a.b.table");
});

test("numbers go on over files, and lines are those of the source", () => {
  const { points } = instrument("\n\nexport function f() {\n  g();\n}\n", "b.ts", STOP, 10);
  expect(points.map(({ number, line, file }) => [number, line, file])).toEqual([
    [10, 3, "b.ts"],
    [11, 4, "b.ts"],
    [12, 4, "b.ts"],
  ]);
});

test("code that runs when the module is loaded has none", () => {
  const source = "const a = f();\nfor (const b of c) g(b);\nclass C { static d = e(); }\n";
  expect(written(source)).toEqual({ text: source, points: [] });
});

test("not before `super`, and not of it", () => {
  const { text, points } = written("class A extends B { constructor() { super(c()); d(); } }");
  expect(points.map(({ kind }) => kind)).toEqual(["entry", "before", "after", "before", "after"]);
  expect(text).toContain("super(__after(3, (__before(2), c()))); __before(1);");
});
