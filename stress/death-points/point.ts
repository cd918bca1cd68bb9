/**
 * A death point: a place in the source where `terminate()` can take effect. In code that has hardly run that is also
 * between two stores (docs/runtime.md, "Where a termination cuts").
 */

/**
 * entry   at the start of a function, method, getter, setter or constructor
 * turn    at the start of each turn of a loop, which is where the engine looks for a termination
 * before  the callee and the arguments of a call are still to come
 * after   a call (also of a constructor or an Atomics function) has returned
 * store   a plain store to shared memory is still to come
 */
export type PointKind = "entry" | "turn" | "before" | "after" | "store";

export interface DeathPoint {
  /** From 1 on, over all files in the order of their names. */
  readonly number: number;
  /** Relative to the root of the tree. */
  readonly file: string;
  readonly line: number;
  /** Class and method, function, or the name of the variable that holds the function. */
  readonly within: string;
  readonly kind: PointKind;
  /** What is called or assigned; for `entry` and `turn` the same as `within`. */
  readonly text: string;
}

export function describePoint({ number, file, line, within, kind, text }: DeathPoint): string {
  const what = kind === "entry" || kind === "turn" ? "" : ` ${text}`;
  return `point ${number}, ${file}:${line}, ${kind}${what} in ${within}`;
}
