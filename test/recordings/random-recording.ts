/** Random valid recordings for property tests, made the way the readers make them. */
import fc from "fast-check";
import { RecordingBuilder } from "../../stress/recordings/builder.ts";
import { Operation, type Recording } from "../../stress/recordings/recording.ts";

const step = fc.record({
  kind: fc.integer({ min: 0, max: 6 }),
  thread: fc.integer({ min: 0, max: 4 }),
  /** Picks one of the live blocks. */
  pick: fc.nat(),
  size: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 40 })),
  alignment: fc.integer({ min: 0, max: 40 }).map((bits) => 2 ** bits),
});

export const randomRecording: fc.Arbitrary<Recording> = fc
  .array(step, { minLength: 1, maxLength: 60 })
  .map((steps) => {
    const builder = new RecordingBuilder(
      (what) => {
        throw new Error(what);
      },
      (name) => `${name}`,
    );
    const live: number[] = [];
    let next = 1;
    const fresh = () => {
      live.push(next);
      return next++;
    };
    for (const { kind, thread, pick, size, alignment } of steps) {
      const at = pick % Math.max(live.length, 1);
      if (kind <= Operation.calloc) builder.allocate(kind as Operation, thread, fresh(), size);
      else if (kind === Operation.alignedAlloc) builder.allocate(kind, thread, fresh(), size, alignment);
      else if (kind === Operation.realloc && pick % 4 === 0) builder.reallocate(thread, null, fresh(), size);
      else if (kind === Operation.realloc && live.length > 0)
        builder.reallocate(thread, live[at]!, live[at]!, size);
      else if (kind === Operation.threadDone && pick % 4 === 0) builder.threadDone(thread);
      else builder.free(thread, live.length > 0 ? live.splice(at, 1)[0]! : null);
    }
    return builder.finish("random");
  });
