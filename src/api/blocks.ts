/** Memory of an arena with an owner: makes Blocks, takes them over from other Workers, and gives out views of raw pointers. */
import { checkAlignment, checkPointer, checkSize } from "../core/arguments.ts";
import { ArenaError } from "../core/errors.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import type { Address, Pointer } from "../core/types.ts";
import type { PageSource } from "../platform/platform.ts";
import type { Attachment } from "../worker/attachment.ts";
import { usableSizeOf } from "../worker/pointer-calls.ts";
import { giveTicket, takeTicket } from "../worker/tickets.ts";
import {
  type AllocateOptions,
  Block,
  type BlockHandle,
  type BlockOwner,
  checkAllocateOptions,
  checkBlockHandle,
  type ViewType,
} from "./block.ts";
import type { RawAllocator } from "./raw-allocator.ts";
import { Views } from "./views.ts";

export class Blocks implements BlockOwner {
  readonly views: Views = new Views();
  generation = 0;

  constructor(
    private readonly arena: RawAllocator,
    private readonly join: () => Attachment,
  ) {}

  /** The arena frees every block at once. */
  forgetAll(): void {
    this.generation++;
    this.views.dropAll();
  }

  view<View>(pointer: Pointer | number, type: ViewType<View>, length: number | undefined): View {
    const address = checkPointer(pointer);
    if (address === 0) throw new RangeError("`pointer` must be the address of a block, got null");
    const usable = this.guarded((attachment) => usableSizeOf(attachment, address, "view"));
    return this.views.over(address, usable, type, length, () =>
      this.pages.buffer(address as Address, usable),
    );
  }

  allocate(byteLength: number, options: AllocateOptions): Block {
    checkAllocateOptions(options);
    const { zero = false, align = GRANULE_BYTES } = options;
    return new Block(this, this.placed(byteLength, zero, align), byteLength, { zero, align });
  }

  adopt(handle: BlockHandle): Block {
    checkBlockHandle(handle);
    const isHere = handle.arena === this.join().heap.geometry.id;
    const given = isHere ? this.guarded((attachment) => takeTicket(attachment, handle)) : undefined;
    if (given !== undefined) return new Block(this, given.address, given.byteLength);
    const why = isHere
      ? "the block was adopted already, or there never was one"
      : "it is a block of another arena";
    throw new ArenaError("bad-handle", `adopt in the arena "${this.arena.name}" is refused: ${why}`);
  }

  free(pointer: Pointer): void {
    this.arena.free(pointer);
  }

  resized(pointer: Pointer, oldLength: number, byteLength: number, options: AllocateOptions): Pointer {
    checkSize("byteLength", byteLength);
    const { zero = false, align = GRANULE_BYTES } = options;
    const moved =
      align <= GRANULE_BYTES
        ? this.arena.realloc(pointer, byteLength)
        : this.moved(pointer, Math.min(oldLength, byteLength), byteLength, align);
    if (zero && byteLength > oldLength)
      this.pages.fill((moved + oldLength) as Address, 0, byteLength - oldLength);
    return moved;
  }

  bufferOver(pointer: Pointer, byteLength: number): ArrayBuffer {
    return this.views.own(this.pages.buffer(pointer as number as Address, byteLength));
  }

  detach(buffer: ArrayBuffer): void {
    this.views.disown(buffer);
  }

  give(pointer: Pointer, byteLength: number): BlockHandle {
    return this.guarded((attachment) => ({
      arena: attachment.heap.geometry.id,
      ...giveTicket(attachment, pointer, byteLength),
    }));
  }

  private placed(byteLength: number, zero: boolean, align: number): Pointer {
    checkAlignment(align);
    if (align <= GRANULE_BYTES)
      return zero ? this.arena.calloc(1, byteLength) : this.arena.malloc(byteLength);
    const pointer = this.arena.alignedAlloc(align, byteLength);
    if (zero) this.pages.fill(pointer as number as Address, 0, byteLength);
    return pointer;
  }

  private moved(pointer: Pointer, kept: number, byteLength: number, align: number): Pointer {
    const target = this.arena.alignedAlloc(align, byteLength);
    this.pages.copy(target as number as Address, pointer as number as Address, kept);
    this.arena.free(pointer);
    return target;
  }

  private get pages(): PageSource {
    return this.join().heap.platform.pages;
  }

  /** No exception leaves the lock held, not even that of a full stack. */
  private guarded<Result>(act: (attachment: Attachment) => Result): Result {
    const attachment = this.join();
    try {
      return act(attachment);
    } catch (error) {
      throw attachment.heap.unheld(error);
    }
  }
}
