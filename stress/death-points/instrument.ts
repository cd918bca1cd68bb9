/**
 * Numbers the death points of a source file and writes them into its text. A call becomes
 *
 *     __after(8, (__before(7), CALL))
 *
 * which leaves `this`, arguments and value as they were, and a store to shared memory
 *
 *     (__before(9), words[at] = value)
 *
 * Code that runs while the module is loaded gets no points: no arena exists at that time. Getters are calls too, and have
 * the point at their entry.
 */
import { type ParserOptions, parse } from "@babel/parser";
import MagicString from "magic-string";
import type { DeathPoint, PointKind } from "./point.ts";

/** What all nodes of the syntax tree have. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  // What some have.
  readonly body?: unknown;
  readonly callee?: Node;
  readonly object?: Node;
  readonly expression?: Node;
  readonly left?: Node;
  readonly arguments?: readonly Node[];
  readonly property?: Node;
  readonly computed?: boolean;
  readonly static?: boolean;
  readonly key?: Node;
  readonly id?: Node | null;
  readonly name?: string;
}

/** The function that a node lies in; undefined while the module is loaded. */
type Scope = string | undefined;

const PARSER: ParserOptions = { sourceType: "module", plugins: ["typescript"] };
const LONGEST_TEXT = 70;

const functions = [
  "FunctionDeclaration",
  "FunctionExpression",
  "ObjectMethod",
  "ClassMethod",
  "ClassPrivateMethod",
];
const loops = ["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"];
const calls = ["CallExpression", "NewExpression"];
/** What the arrays are called that look at shared memory. */
export const sharedArrays: readonly string[] = [
  "words",
  "window",
  "doubles",
  "table",
  "fresh",
  "states",
  "map",
  "records",
  "segments",
  "magazines",
];
const chains = ["OptionalCallExpression", "OptionalMemberExpression"];

export interface Instrumented {
  readonly text: string;
  readonly points: readonly DeathPoint[];
}

/** `file` is recorded in the points, whose numbers begin with `first`. */
export function instrument(source: string, file: string, stopModule: string, first: number): Instrumented {
  const instrumenter = new Instrumenter(source, file, first);
  instrumenter.walk(parse(source, PARSER).program as unknown as Node, undefined, "");
  if (instrumenter.points.length === 0) return { text: source, points: [] };
  instrumenter.text.prepend(`import { __before, __after } from ${JSON.stringify(stopModule)}; `);
  return { text: instrumenter.text.toString(), points: instrumenter.points };
}

class Instrumenter {
  readonly text: MagicString;
  readonly points: DeathPoint[] = [];

  constructor(
    private readonly source: string,
    private readonly file: string,
    private readonly first: number,
  ) {
    this.text = new MagicString(source);
  }

  /** `around`: names of the class or variable that a nameless function is called after. */
  walk(node: Node, scope: Scope, around: string): void {
    const { type } = node;
    if (functions.includes(type)) this.walkFunction(node, nameOf(node, around));
    else if (type === "ArrowFunctionExpression")
      this.walkArrow(node, around === "" ? "arrow function" : around);
    else if (type === "ClassProperty" || type === "ClassPrivateProperty") {
      const name = nameOf(node, around);
      this.walkParts(node, node.static === true ? undefined : `${name} (field)`, name);
    } else if (chains.includes(type)) this.walkChain(node, scope, around);
    else {
      if (scope !== undefined && loops.includes(type))
        this.enterBody(node.body as Node, this.point("turn", node, scope));
      if (scope !== undefined && calls.includes(type) && isRealCall(node)) this.wrap(node, scope);
      if (scope !== undefined && isStore(node)) this.precede(node, this.point("store", node, scope));
      this.walkParts(node, scope, nameOf(node, around));
    }
  }

  private walkFunction(node: Node, name: string): void {
    const body = node.body as Node;
    const [head] = body.body as Node[];
    const entry = this.point("entry", node, name);
    // The fields that a constructor's parameters make are set right behind `super`.
    if (head !== undefined && isSuperCall(head)) this.text.appendLeft(head.end, ` __before(${entry});`);
    else this.enterBody(body, entry);
    this.walkParts(node, name, name);
  }

  private walkArrow(node: Node, name: string): void {
    const body = node.body as Node;
    const entry = this.point("entry", node, name);
    if (body.type === "BlockStatement") this.enterBody(body, entry);
    else this.precede(body, entry);
    this.walkParts(node, name, name);
  }

  /** `a?.b().c()` is one expression: what is inside cannot be wrapped without breaking the short circuit. */
  private walkChain(node: Node, scope: Scope, around: string): void {
    let link = node;
    let called = false;
    while (chains.includes(link.type) || link.type === "TSNonNullExpression") {
      if (link.type === "OptionalCallExpression") {
        called = true;
        for (const argument of link.arguments!) this.walk(argument, scope, around);
      }
      if (link.computed === true) this.walk(link.property!, scope, around);
      link = (link.callee ?? link.object ?? link.expression) as Node;
    }
    if (called && scope !== undefined) this.wrap(node, scope);
    this.walk(link, scope, around);
  }

  private walkParts(node: Node, scope: Scope, around: string): void {
    for (const [field, value] of Object.entries(node)) {
      if (field === "loc" || field.endsWith("omments") || field === "typeAnnotation") continue;
      for (const part of Array.isArray(value) ? value : [value])
        if (isNode(part)) this.walk(part, scope, around);
    }
  }

  private wrap(node: Node, scope: string): void {
    const before = this.point("before", node, scope);
    const after = this.point("after", node, scope);
    this.text.appendLeft(node.start, `__after(${after}, (__before(${before}), `);
    this.text.prependRight(node.end, "))");
  }

  private precede(expression: Node, point: number): void {
    this.text.appendLeft(expression.start, `(__before(${point}), `);
    this.text.prependRight(expression.end, ")");
  }

  private enterBody(body: Node, point: number): void {
    if (body.type === "BlockStatement") {
      this.text.appendLeft(body.start + 1, ` __before(${point});`);
      return;
    }
    this.text.appendLeft(body.start, `{ __before(${point}); `);
    this.text.prependRight(body.end, " }");
  }

  private point(kind: PointKind, node: Node, within: string): number {
    const number = this.first + this.points.length;
    const hasText = kind === "before" || kind === "after" || kind === "store";
    const text = hasText ? this.source.slice(node.start, node.end).replaceAll(/\s+/g, " ") : within;
    const { line } = node.loc.start;
    this.points.push({ number, file: this.file, line, within, kind, text: text.slice(0, LONGEST_TEXT) });
    return number;
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

function isRealCall(node: Node): boolean {
  const type = node.callee?.type;
  return type !== "Super" && type !== "Import";
}

/** Whether an expression assigns to an element of an array that looks at shared memory. */
function isStore({ type, left }: Node): boolean {
  if (type !== "AssignmentExpression") return false;
  let array = left!;
  // `words[at]! |= bit`
  if (array.type === "TSNonNullExpression") array = array.expression!;
  if (array.type !== "MemberExpression" || array.computed !== true) return false;
  const { property, name } = array.object!;
  return sharedArrays.includes(property?.name ?? name ?? "");
}

function isSuperCall(statement: Node): boolean {
  return statement.expression?.callee?.type === "Super";
}

/** The name that a node gives to what is inside it; else that of what is around. */
function nameOf(node: Node, around: string): string {
  const named = node.key ?? node.id;
  const name = named?.name ?? named?.id?.name;
  if (name === undefined) return around;
  return around === "" ? name : `${around}.${name}`;
}
