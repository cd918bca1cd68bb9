/**
 * The public class. An Arena object belongs to one Worker; the arena behind it may be shared by many. The object
 * attaches when it is first used and keeps the hot cache in a field of its own, so that `malloc` and `free` of a
 * cached size are one field load and the cache's straight-line code.
 */
import { nativePlatform } from "../../native/index.ts";
import { WindowCache } from "../cache/cache.ts";
import { checkAlignment, checkPointer, checkProduct, checkSize } from "../core/arguments.ts";
import { ArenaError, InvalidPointerError } from "../core/errors.ts";
import { GRANULE_BYTES, payloadBytes } from "../core/size-classes.ts";
import type { Address, Pointer } from "../core/types.ts";
import { discardBlocks, unmapAll } from "../heap/discard.ts";
import { findLarge, largePayloadBytes, unmapLarge } from "../heap/large-blocks.ts";
import type { Attachment } from "./attachment.ts";
import { type ArenaHandle, checkHandle } from "./handle.ts";
import { type ArenaStats, type BlockInfo, collectBlocks, collectStats } from "./inspect.ts";
import { attachTo, createArena, directory, joinProcessHeap } from "./join.ts";
import { type ArenaOptions, resolveOptions } from "./options.ts";
import { blockAt, cacheOf, diagnose } from "./pointers.ts";
import { reallocateBlock, reallocateLarge } from "./reallocate.ts";
import { verify } from "./verify.ts";

/** How an Arena object came to be, and so what its `dispose` does. */
type Role = "process-wide" | "creator" | "guest";

/** In place of options: an object for an arena that exists, or is made by whoever uses it first. */
class Origin {
  constructor(
    readonly role: Role,
    readonly name: string,
  ) {}
}

/** This Worker's Arena objects of private arenas, by id: attaching twice gives the same object. */
const attached = new Map<number, Arena>();

export class Arena implements Disposable {
  /** The name given in the options; "heap" for the process-wide heap. */
  readonly name: string;
  private readonly role: Role;
  private hot: WindowCache = WindowCache.none();
  private attachment: Attachment | undefined;
  private known: ArenaHandle | undefined;
  private uses = 1;
  private closed = false;

  /**
   * Makes a private arena. Throws TypeError or RangeError for bad options, OutOfMemoryError if the system refuses
   * the address space, ArenaError "too-many-arenas".
   */
  constructor(options: ArenaOptions = {}) {
    if (options instanceof Origin) {
      this.role = options.role;
      this.name = options.name;
      return;
    }
    const { name, ...geometry } = resolveOptions(options, nativePlatform().pages.pageSize);
    this.role = "creator";
    this.name = name;
    const { attachment, handle } = createArena(name, geometry);
    this.adopt(attachment, handle);
  }

  /**
   * The arena behind a handle, in any Worker of the process. Attaching twice in one Worker gives the same object;
   * each needs its own `dispose`. Throws TypeError for something that is no handle, ArenaError "bad-handle",
   * "disposed" or "too-many-workers".
   */
  static attach(handle: ArenaHandle): Arena {
    checkHandle(handle);
    const present = attached.get(handle.id);
    if (present !== undefined && present.known?.address === handle.address) {
      present.uses++;
      return present;
    }
    const arena = new Arena(new Origin("guest", handle.name));
    arena.adopt(attachTo(handle), { ...handle });
    return arena;
  }

  /** What another Worker needs to attach: a plain object that postMessage can carry. */
  get handle(): ArenaHandle {
    this.join();
    return { ...this.known! };
  }

  /**
   * A block of at least `size` bytes, 16-byte aligned, content unspecified. `malloc(0)` gives a block too. Throws
   * TypeError or RangeError for a bad size, OutOfMemoryError. From any Worker, as all methods here.
   */
  malloc(size: number): Pointer {
    const pointer = this.hot.take(size);
    return pointer !== 0 ? pointer : this.mallocSlow(size);
  }

  /** A block of `count` x `size` zero bytes. Throws as `malloc`, also if the product is not a safe integer. */
  calloc(count: number, size: number): Pointer {
    const byteLength = checkProduct(count, size);
    const pointer = this.malloc(byteLength);
    // Large blocks come fresh from the system, which zeroes them.
    if (byteLength <= this.join().heap.geometry.largeThresholdBytes) {
      nativePlatform().pages.fill(pointer as unknown as Address, 0, byteLength);
    }
    return pointer;
  }

  /**
   * Changes the size of a block, in place where possible; the first min(old, new) bytes are kept. A null pointer
   * allocates; size 0 gives a smallest block, it does not free. If it throws, the old block is as it was.
   * Alignment beyond 16 bytes may be lost. Throws as `malloc` and `free`.
   */
  realloc(pointer: Pointer | number | null, size: number): Pointer {
    const address = checkPointer(pointer);
    checkSize("size", size);
    if (address === 0) return this.malloc(size);
    const attachment = this.join();
    const allocate = (byteLength: number) => this.malloc(byteLength);
    const cache = cacheOf(attachment, address);
    const block = cache === undefined ? 0 : blockAt(attachment, cache, address);
    if (cache !== undefined && block !== 0) return reallocateBlock(attachment, cache, block, size, allocate);
    const large = cache === undefined ? findLarge(attachment.heap, address) : undefined;
    if (large === undefined) throw diagnose(attachment, address, "realloc");
    return reallocateLarge(attachment, address, largePayloadBytes(large), size, allocate);
  }

  /**
   * A block whose address is a multiple of `alignment`, a power of two up to 1 GiB; small ones give 16 anyway.
   * Throws as `malloc`.
   */
  alignedAlloc(alignment: number, size: number): Pointer {
    checkAlignment(alignment);
    checkSize("size", size);
    return alignment <= GRANULE_BYTES ? this.malloc(size) : this.join().alignedAlloc(alignment, size);
  }

  /**
   * Frees a block, whichever Worker allocated it. Null and 0 do nothing. Throws TypeError or RangeError for what
   * cannot be a pointer, InvalidPointerError for a pointer that is no block in use; the arena is unchanged then.
   */
  free(pointer: Pointer | number | null): void {
    if (!this.hot.give(pointer as number)) this.freeSlow(pointer);
  }

  /** Bytes that can be used at `pointer`: at least what was requested. 0 for null. Throws as `free`. */
  usableSize(pointer: Pointer | number | null): number {
    const address = checkPointer(pointer);
    if (address === 0) return 0;
    const attachment = this.join();
    const cache = cacheOf(attachment, address);
    if (cache !== undefined) {
      const block = blockAt(attachment, cache, address);
      if (block !== 0) return payloadBytes(cache.words[block - 2]! >>> 4);
    }
    const large = cache === undefined ? findLarge(attachment.heap, address) : undefined;
    if (large === undefined) throw diagnose(attachment, address, "usableSize");
    return largePayloadBytes(large);
  }

  /**
   * Frees every block at once. Refused for the process-wide heap, and while other Workers are attached: ArenaError
   * "busy".
   */
  reset(): void {
    const attachment = this.join();
    this.refuseIfShared(attachment, "reset");
    const { heap } = attachment;
    heap.enter();
    try {
      discardBlocks(heap);
    } finally {
      heap.leave();
      for (const cache of attachment.caches) cache.setUp();
    }
  }

  /** Gives this Worker's cache, those of dead Workers, and all free pages back. Returns bytes given to the system. */
  trim(): number {
    return this.join().trim();
  }

  /** Figures of the arena, by a walk over its blocks. */
  stats(): ArenaStats {
    return this.locked((attachment) => collectStats(attachment.heap));
  }

  /** The blocks in use at this moment. */
  blocks(): Iterable<BlockInfo> {
    return this.locked((attachment) => collectBlocks(attachment.heap));
  }

  /**
   * Looks at every header, footer, free list and counter. Throws InvalidPointerError "corrupt-block" or ArenaError
   * "corrupt-arena" for the first thing that is wrong.
   */
  check(): void {
    this.locked((attachment) => verify(attachment.heap));
  }

  /** This Worker leaves: its cache goes back, its slot becomes vacant. The next use attaches again. */
  detach(): void {
    this.attachment?.detach();
    this.attachment = undefined;
    this.hot = WindowCache.none();
  }

  /**
   * Ends the use of this object. In the Worker that made the arena all of its memory goes back to the system, live
   * blocks included; while other Workers are attached that is refused (ArenaError "busy"). In a Worker that
   * attached, it leaves. The second time nothing happens. The process-wide heap cannot be disposed ("busy").
   */
  dispose(): void {
    if (this.closed) return;
    if (this.role === "process-wide") {
      throw new ArenaError(
        "busy",
        "the process-wide heap serves every Worker and cannot be disposed; use detach or trim",
      );
    }
    if (this.uses > 1) {
      this.uses--;
      return;
    }
    if (this.role === "creator") this.unmap(this.join());
    else this.detach();
    this.attachment = undefined;
    this.hot = WindowCache.none();
    this.closed = true;
    attached.delete(this.known!.id);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private mallocSlow(size: number): Pointer {
    checkSize("size", size);
    const attachment = this.join();
    // Attaching may have brought a cache: the first request of an idle Worker finds it filled.
    const pointer = this.hot.take(size);
    if (pointer !== 0) return pointer;
    const slow = attachment.malloc(size);
    this.hot = attachment.hot;
    return slow;
  }

  private freeSlow(pointer: Pointer | number | null): void {
    const address = checkPointer(pointer);
    if (address === 0) return;
    const attachment = this.join();
    const cache = cacheOf(attachment, address);
    if (cache !== undefined) {
      const block = blockAt(attachment, cache, address);
      if (block !== 0 && attachment.freeBlock(cache, block)) return;
    } else {
      const freed = unmapLarge(attachment.heap, address);
      if (freed === true) return;
      if (freed === "corrupt") {
        throw new InvalidPointerError(
          "corrupt-block",
          "free",
          address,
          "the words in front of this large block were overwritten; it is out of use",
        );
      }
    }
    throw diagnose(attachment, address, "free");
  }

  private locked<Result>(look: (attachment: Attachment) => Result): Result {
    const attachment = this.join();
    attachment.heap.enter();
    try {
      return look(attachment);
    } finally {
      attachment.heap.leave();
    }
  }

  /** This Worker's attachment; made now if there is none. */
  private join(): Attachment {
    if (this.attachment !== undefined) return this.attachment;
    if (this.closed) throw new ArenaError("disposed", `the arena "${this.name}" was disposed`);
    if (this.role === "process-wide") {
      const { attachment, handle } = joinProcessHeap();
      return this.adopt(attachment, handle);
    }
    return this.adopt(attachTo(this.known!), this.known!);
  }

  private adopt(attachment: Attachment, handle: ArenaHandle): Attachment {
    this.attachment = attachment;
    this.hot = attachment.hot;
    this.known = handle;
    if (this.role !== "process-wide") attached.set(handle.id, this);
    return attachment;
  }

  private unmap(attachment: Attachment): void {
    const { address, id } = this.known!;
    if (!directory().close(address, id)) {
      throw new ArenaError(
        "busy",
        `the arena "${this.name}" cannot be disposed: a Worker is attaching to it`,
      );
    }
    let gone = false;
    try {
      this.refuseIfShared(attachment, "dispose");
      attachment.leaveForGood();
      unmapAll(attachment.heap);
      gone = true;
    } finally {
      directory().closed(address, id, gone);
    }
  }

  private refuseIfShared({ heap, slot }: Attachment, operation: string): void {
    const others = heap.slots.living() - 1 + heap.slots.countAttachment(slot, 0) - 1;
    if (this.role === "process-wide" || others > 0) {
      const why =
        this.role === "process-wide" ? "it is the process-wide heap" : `${others} other Workers are attached`;
      throw new ArenaError("busy", `${operation} of the arena "${this.name}" is refused: ${why}`);
    }
  }
}

/** The process-wide heap: the same memory in every Worker of the process. Mapped at its first use. */
export const heap: Arena = new Arena(new Origin("process-wide", "heap"));
