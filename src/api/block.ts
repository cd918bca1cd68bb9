/**
 * A block with an owner: the object. Its buffer covers exactly its bytes, and is detached when the block is disposed, resized or
 * handed over: every view of it is empty then, and reads nothing of what comes after. That holds for what was made from the
 * block; an address that was read before (`address`), and a buffer that the program itself transferred elsewhere, are as in C.
 */
import { show } from "../core/arguments.ts";
import { ArenaError } from "../core/errors.ts";
import type { Pointer } from "../core/types.ts";

/** How a block is named in a message to another Worker: a plain object that postMessage can carry. One Worker can adopt it, once. */
export interface BlockHandle {
  /** Id of the arena: `arena.handle.id`. */
  readonly arena: number;
  readonly ticket: number;
  readonly nonce: number;
}

/** How `allocate` makes a Block. */
export interface AllocateOptions {
  /** Whether all bytes are 0. Default false: their content is unspecified. */
  zero?: boolean;
  /** A power of two up to 1 GiB that the address is a multiple of. Default 16. */
  align?: number;
}

/** A constructor of typed arrays, or `DataView`. */
export interface ViewType<View> {
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): View;
}

const TypedArray: object = Object.getPrototypeOf(Uint8Array);

/** Throws TypeError unless `value` is a constructor of typed arrays, or `DataView`. */
export function checkViewType(value: unknown): void {
  const isType =
    typeof value === "function" &&
    (value === DataView || Object.prototype.isPrototypeOf.call(TypedArray, value));
  if (!isType)
    throw new TypeError(`\`type\` must be a typed array's constructor, or DataView, got ${show(value)}`);
}

/** What a block asks of its arena. */
export interface BlockOwner {
  /** How often `reset` has freed everything: a block of before is gone. */
  readonly generation: number;
  free(pointer: Pointer): void;
  /** Reallocates it with the same alignment and, if wanted, zeros behind what is kept. */
  resized(pointer: Pointer, oldLength: number, byteLength: number, options: AllocateOptions): Pointer;
  /** A buffer over these bytes, until `detach`, or until the Worker leaves the arena. */
  bufferOver(pointer: Pointer, byteLength: number): ArrayBuffer;
  detach(buffer: ArrayBuffer): void;
  give(pointer: Pointer, byteLength: number): BlockHandle;
}

/** Memory of an arena that one object owns. Not safe to share: it belongs to the Worker that made or adopted it. */
export class Block implements Disposable {
  private declare readonly owner: BlockOwner;
  /** 0 = disposed or handed over. */
  private declare place: Pointer | 0;
  private declare length: number;
  private declare readonly options: AllocateOptions;
  private declare wrapped: ArrayBuffer | undefined;
  private declare readonly generation: number;

  /** @internal */
  constructor(owner: BlockOwner, address: Pointer, byteLength: number, options: AllocateOptions = {}) {
    this.owner = owner;
    this.place = address;
    this.length = byteLength;
    this.options = options;
    this.wrapped = undefined;
    this.generation = owner.generation;
  }

  /** Address of the first byte, for C. Throws ArenaError "disposed". */
  get address(): Pointer {
    return this.present();
  }

  /** Bytes, as many as were asked for; 0 once it is disposed or handed over. */
  get byteLength(): number {
    return this.disposed ? 0 : this.length;
  }

  /** Whether the block is disposed or handed over, or was freed by the arena's `reset`. */
  get disposed(): boolean {
    return this.place === 0 || this.generation !== this.owner.generation;
  }

  /** An ArrayBuffer over exactly the block's bytes; the same one each time. Throws ArenaError "disposed". */
  get buffer(): ArrayBuffer {
    const address = this.present();
    // The program may have transferred it, or the Worker has left the arena.
    if (this.wrapped === undefined || this.wrapped.detached)
      this.wrapped = this.owner.bufferOver(address, this.length);
    return this.wrapped;
  }

  /** All bytes. Throws ArenaError "disposed". */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer);
  }

  /** A typed array, or DataView, of as many whole elements as the block has. Throws ArenaError "disposed", TypeError. */
  view<View>(type: ViewType<View>): View {
    const { buffer } = this;
    checkViewType(type);
    const size = type.BYTES_PER_ELEMENT ?? 1;
    return new type(buffer, 0, Math.floor(this.length / size));
  }

  /**
   * Makes the block shorter or longer, perhaps in another place; the first min(old, new) bytes are kept. Views made before are
   * empty afterwards. Throws as `realloc`, with the block and its views as they were.
   */
  resize(byteLength: number): void {
    const moved = this.owner.resized(this.present(), this.length, byteLength, this.options);
    this.detach();
    this.place = moved;
    this.length = byteLength;
  }

  /**
   * Hands the block over: to read this gives the block away, for another Worker that gets the handle in a message and adopts it.
   * From now on all views here are empty; a second time throws ArenaError "disposed". Throws OutOfMemoryError: the block stays then.
   */
  get handle(): BlockHandle {
    const handle = this.owner.give(this.present(), this.length);
    this.detach();
    this.place = 0;
    return handle;
  }

  /** Frees the block; its views are empty. The second time nothing happens. Throws InvalidPointerError "corrupt-block". */
  dispose(): void {
    const address = this.disposed ? 0 : this.place;
    this.detach();
    this.place = 0;
    if (address !== 0) this.owner.free(address);
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private present(): Pointer {
    if (this.place !== 0 && !this.disposed) return this.place;
    throw new ArenaError("disposed", "this block was disposed or handed over");
  }

  private detach(): void {
    if (this.wrapped === undefined) return;
    this.owner.detach(this.wrapped);
    this.wrapped = undefined;
  }
}

/** Throws TypeError unless `value` has the shape of a handle. */
export function checkBlockHandle(value: unknown): asserts value is BlockHandle {
  const expected = "`handle` must be the `handle` of a Block";
  if (typeof value !== "object" || value === null) throw new TypeError(`${expected}, got ${show(value)}`);
  const { arena, ticket, nonce } = value as Record<keyof BlockHandle, unknown>;
  if (
    !Number.isSafeInteger(arena) ||
    !Number.isSafeInteger(ticket) ||
    !Number.isSafeInteger(nonce) ||
    (ticket as number) < 0
  )
    throw new TypeError(`${expected}: { arena, ticket, nonce }`);
}

/** Throws unless `value` are options of `allocate`. */
export function checkAllocateOptions(value: unknown): asserts value is AllocateOptions {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`\`options\` must be an object, got ${show(value)}`);
  for (const key of Object.keys(value))
    if (key !== "zero" && key !== "align")
      throw new TypeError(`unknown option \`${key}\`; the options are \`zero\`, \`align\``);
  const { zero } = value as AllocateOptions;
  if (zero !== undefined && typeof zero !== "boolean")
    throw new TypeError(`\`zero\` must be a boolean, got ${show(zero)}`);
}
