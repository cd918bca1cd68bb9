/**
 * The will of a Worker: a line in shared memory that says which block it is working on and how far it has come, so
 * that its death leaves exactly this one in doubt. Plain stores in straight-line code, which a death does not tear;
 * read by the main thread after the Worker has ended.
 *
 *     stage      what a death in it means
 *     idle       nothing
 *     intended   the old block, if there is one, is in use
 *     called     nobody knows: the old block may be in use, and a new one may be, with an address that never arrived
 *     returned   the new block, if there is one, is in use, and the old one is not
 */
const LINE_FIGURES = 16;
const STAGE = 0;
const BLOCK = 1;
const OLD_ADDRESS = 2;
const OLD_SIZE = 3;
const NEW_ADDRESS = 4;
const NEW_SIZE = 5;
const OWNER = 6;

export const Stage = { idle: 0, intended: 1, called: 2, returned: 3 } as const;

/** A `newSize` that says: this operation brings no block. */
export const NO_BLOCK = -1;

export const createWillMemory = (workers: number): SharedArrayBuffer =>
  new SharedArrayBuffer(workers * LINE_FIGURES * 8);

/** What a will says after its Worker's death. Addresses 0 = none. */
export interface LastWill {
  readonly stage: number;
  readonly block: number;
  readonly oldAddress: number;
  readonly oldSize: number;
  readonly newAddress: number;
  readonly newSize: number;
  /** The Worker's owner id in the heap, 0 = the heap does not tell. */
  readonly owner: number;
}

export class Will {
  private readonly figures: Float64Array;
  private readonly line: number;

  constructor(memory: SharedArrayBuffer, worker: number) {
    this.figures = new Float64Array(memory);
    this.line = worker * LINE_FIGURES;
  }

  /** Before the first operation of a Worker. */
  begin(owner: number): void {
    this.figures[this.line + STAGE] = Stage.idle;
    this.figures[this.line + OWNER] = owner;
  }

  intend(block: number, oldAddress: number, oldSize: number): void {
    const { figures, line } = this;
    figures[line + BLOCK] = block;
    figures[line + OLD_ADDRESS] = oldAddress;
    figures[line + OLD_SIZE] = oldSize;
    figures[line + STAGE] = Stage.intended;
  }

  call(newSize: number): void {
    this.figures[this.line + NEW_SIZE] = newSize;
    this.figures[this.line + STAGE] = Stage.called;
  }

  arrive(newAddress: number): number {
    this.figures[this.line + NEW_ADDRESS] = newAddress;
    this.figures[this.line + STAGE] = Stage.returned;
    return newAddress;
  }

  fulfil(): void {
    this.figures[this.line + STAGE] = Stage.idle;
  }

  read(): LastWill {
    const value = (field: number) => this.figures[this.line + field]!;
    return {
      stage: value(STAGE),
      block: value(BLOCK),
      oldAddress: value(OLD_ADDRESS),
      oldSize: value(OLD_SIZE),
      newAddress: value(NEW_ADDRESS),
      newSize: value(NEW_SIZE),
      owner: value(OWNER),
    };
  }
}
