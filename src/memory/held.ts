/** The lock as a type: what needs it takes something `Held`, so that the compiler refuses to call it without. */

/** Only for the compiler: no value has it. */
declare const HELD: unique symbol;

/** Parts of a heap that its lock guards: with the heap they are held too. */
type Guarded = "control" | "slots" | "passage" | "large";

/**
 * A heap, or a part of one, whose lock the calling Worker has. `enter` makes one of it. After `leave` the reference still has
 * this type: nobody may use it as one then.
 */
export type Held<Thing> = Thing & { readonly [HELD]: true } & {
  readonly [Part in keyof Thing & Guarded]: Held<Thing[Part]>;
};
