/** The lock as a type: what needs it takes a `Held` heap, so that the compiler refuses to call it without. */

/** Only for the compiler: no value has it. */
declare const HELD: unique symbol;

/**
 * A heap, or a LargeHost, whose lock the calling Worker has. Its `enter` makes one of it. After `leave` the reference still
 * has this type: nothing of the kind may be called then.
 */
export type Held<Thing> = Thing & { readonly [HELD]: true };
