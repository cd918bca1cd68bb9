/**
 * The one place that knows what a valid recording is. Everything that makes a Recording ends here, so the
 * replayer may trust each of them without looking again.
 */
import { type Columns, type Figures, LARGEST_SIZE, MOST_THREADS, Operation } from "./recording.ts";

/** A rule that does not hold, with the number of the operation that breaks it. */
export class BrokenRule extends Error {
  readonly index: number;
  constructor(index: number, what: string) {
    super(what);
    this.index = index;
  }
}

/** True for 1, 2, 4, ... `LARGEST_SIZE`. */
export function isAlignment(alignment: number): boolean {
  return alignment >= 1 && alignment <= LARGEST_SIZE && Number.isInteger(Math.log2(alignment));
}

/** True for a whole number of bytes from 0 to `LARGEST_SIZE`. */
export function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 0 && size <= LARGEST_SIZE;
}

/**
 * Walks the operations once, checks every rule of `Columns` and `Figures`, and counts.
 * @throws BrokenRule naming the first operation that breaks a rule
 */
export function measure(columns: Columns): Figures {
  const { operation, thread, block, size } = columns;
  const length = operation.length;
  // No recording has more blocks or threads than operations, so these never need to grow.
  const blockSize = new Float64Array(length);
  const owner = new Int32Array(length).fill(-1);
  const threadIsDone = new Uint8Array(length);
  let [threads, blocks, crossThreadFrees] = [0, 0, 0];
  let [liveBytes, liveBlocks, peakLiveBytes, peakLiveBlocks] = [0, 0, 0, 0];

  for (let i = 0; i < length; i++) {
    const kind = operation[i]!;
    const who = thread[i]!;
    const which = block[i]!;
    checkRow(columns, i);
    if (who > threads) throw new BrokenRule(i, `thread ${who} appears before thread ${threads}`);
    if (who === threads) threads++;
    if (threads > MOST_THREADS) throw new BrokenRule(i, `more than ${MOST_THREADS} threads`);
    if (threadIsDone[who]) throw new BrokenRule(i, `thread ${who} goes on after it is done`);

    if (kind === Operation.threadDone) {
      threadIsDone[who] = 1;
    } else if (which === -1) {
      // free(null) changes nothing.
    } else if (kind === Operation.free) {
      if (which >= blocks || owner[which] === -1)
        throw new BrokenRule(i, `block ${which} is freed but not live`);
      if (owner[which] !== who) crossThreadFrees++;
      owner[which] = -1;
      liveBytes -= blockSize[which]!;
      liveBlocks--;
    } else {
      if (which > blocks) throw new BrokenRule(i, `block ${which} appears before block ${blocks}`);
      if (which === blocks) {
        blocks++;
        liveBlocks++;
      } else if (kind !== Operation.realloc) {
        throw new BrokenRule(i, `block ${which} is allocated twice`);
      } else if (owner[which] === -1) {
        throw new BrokenRule(i, `block ${which} is reallocated after its free`);
      }
      liveBytes += size[i]! - blockSize[which]!;
      blockSize[which] = size[i]!;
      owner[which] = who;
      if (liveBytes > peakLiveBytes) peakLiveBytes = liveBytes;
      if (liveBlocks > peakLiveBlocks) peakLiveBlocks = liveBlocks;
    }
  }
  if (length === 0) throw new BrokenRule(0, "the recording holds no operation");
  return { threads, blocks, peakLiveBytes, peakLiveBlocks, crossThreadFrees };
}

/** The rules that concern one operation alone. */
function checkRow({ operation, block, size, alignment }: Columns, i: number): void {
  const kind = operation[i]!;
  const [which, bytes, align] = [block[i]!, size[i]!, alignment[i]!];
  if (kind > Operation.threadDone) throw new BrokenRule(i, `operation ${kind} is unknown (0 to 5)`);
  const hasSize = kind < Operation.free;
  if (which < -1 || (which === -1 && hasSize) || (which !== -1 && kind === Operation.threadDone)) {
    throw new BrokenRule(i, `block ${which} does not fit operation ${kind}`);
  }
  if (hasSize ? !isSize(bytes) : bytes !== 0) {
    throw new BrokenRule(
      i,
      `size ${bytes} is not ${hasSize ? `a whole number from 0 to ${LARGEST_SIZE}` : "0"}`,
    );
  }
  const hasAlignment = kind === Operation.alignedAlloc;
  if (hasAlignment ? !isAlignment(align) : align !== 0) {
    throw new BrokenRule(i, `alignment ${align} is not ${hasAlignment ? "a power of two" : "0"}`);
  }
}
