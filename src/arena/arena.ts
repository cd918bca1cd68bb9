/**
 * The public class. An Arena object belongs to one Worker; the arena behind it may be shared by many. The object
 * attaches when it is first used; from then on `malloc` and `free` go straight to its fast path.
 */
import { nativePlatform } from "../../native/index.ts";
import type { FastPath } from "../cache/fast-path.ts";
import { checkAlignment, checkPointer, checkProduct, checkSize } from "../core/arguments.ts";
import { ArenaError, InvalidPointerError } from "../core/errors.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import type { Address, Pointer } from "../core/types.ts";
import { discardBlocks, unmapAll } from "../heap/discard.ts";
import type { Attachment } from "./attachment.ts";
import { type ArenaHandle, checkHandle } from "./handle.ts";
import { type ArenaStats, type BlockInfo, collectBlocks, collectStats } from "./inspect.ts";
import { type ArenaOptions, resolveOptions } from "./options.ts";
import { freePointer, reallocatePointer, usableSizeOf } from "./pointer-calls.ts";
import { cacheOf } from "./pointers.ts";
import { ArenaSource, isProcessHeap, ListedSource, ProcessHeapSource } from "./source.ts";
import { verify } from "./verify.ts";

/** This Worker's Arena objects of private arenas, by id: attaching twice gives the same object. */
const attached = new Map<number, Arena>();

export class Arena implements Disposable {
  private readonly source: ArenaSource;
  /** Set when the Worker first attaches: `declare` makes it a constant for the compiler (cache/fast-path.ts). */
  private declare fastPath: FastPath | undefined;
  private attachment: Attachment | undefined;
  private uses = 1;
  private closed = false;

  /**
   * Makes a private arena. Throws TypeError or RangeError for bad options, OutOfMemoryError if the system refuses
   * the address space, ArenaError "too-many-arenas".
   */
  constructor(options: ArenaOptions | ArenaSource = {}) {
    if (options instanceof ArenaSource) {
      this.source = options;
      return;
    }
    const { name, ...shape } = resolveOptions(options, nativePlatform().pages.pageSize);
    this.source = ListedSource.create(name, shape);
    this.join();
  }

  /**
   * The arena behind a handle, in any Worker of the process. Attaching twice in one Worker gives the same object;
   * each needs its own `dispose`. The process-wide heap's handle gives `heap`. Throws TypeError for something that is no handle, ArenaError "bad-handle",
   * "disposed" or "too-many-workers".
   */
  static attach(handle: ArenaHandle): Arena {
    checkHandle(handle);
    if (isProcessHeap(handle)) return heap;
    const present = attached.get(handle.id);
    if (present !== undefined && present.source.handle!.address === handle.address) {
      present.join();
      present.uses++;
      return present;
    }
    const arena = new Arena(ListedSource.find(handle));
    arena.join();
    return arena;
  }

  /** The name given in the options; "heap" for the process-wide heap. */
  get name(): string {
    return this.source.name;
  }

  /** What another Worker needs to attach: a plain object that postMessage can carry. */
  get handle(): ArenaHandle {
    this.join();
    return { ...this.source.handle! };
  }

  /**
   * A block of at least `size` bytes, 16-byte aligned, content unspecified. `malloc(0)` gives a block too. Throws
   * TypeError or RangeError for a bad size, OutOfMemoryError. From any Worker, as all methods here.
   */
  malloc(size: number): Pointer {
    return (this.fastPath ?? this.firstPath(size)).malloc(size);
  }

  /** A block of `count` x `size` zero bytes. Throws as `malloc`, also if the product is not a safe integer. */
  calloc(count: number, size: number): Pointer {
    const byteLength = checkProduct(count, size);
    const pointer = this.malloc(byteLength);
    const attachment = this.join();
    // Large blocks come fresh from the system, which zeroes them.
    if (cacheOf(attachment, pointer) !== undefined) {
      attachment.heap.platform.pages.fill(pointer as number as Address, 0, byteLength);
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
    return reallocatePointer(this.join(), address, size, this);
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
    const { fastPath } = this;
    if (fastPath === undefined) this.freeSlow(pointer);
    else fastPath.free(pointer as number);
  }

  /** Bytes that can be used at `pointer`: at least what was requested. 0 for null. Throws as `free`. */
  usableSize(pointer: Pointer | number | null): number {
    const address = checkPointer(pointer);
    if (address === 0) return 0;
    return usableSizeOf(this.join(), address);
  }

  /**
   * Frees every block at once. Refused for the process-wide heap, and while other Workers are attached: ArenaError
   * "busy".
   */
  reset(): void {
    const attachment = this.join();
    this.alone(attachment, "reset", () => {
      const { heap: shared } = attachment;
      shared.enter();
      try {
        discardBlocks(shared);
      } catch (error) {
        throw shared.repaired(error, "reset");
      } finally {
        shared.leave();
        for (const cache of attachment.caches) cache.setUp();
      }
      return false;
    });
  }

  /** Gives this Worker's cache, those of dead Workers, and all free pages back. Returns bytes given to the system. */
  trim(): number {
    return this.join().trim();
  }

  /** Figures of the arena, by a walk over its blocks. */
  stats(): ArenaStats {
    return this.locked((attachment) => collectStats(attachment.heap));
  }

  /** The blocks in use at this moment. What a dead Worker was reallocating counts again: its claims are settled. */
  blocks(): Iterable<BlockInfo> {
    this.join().reap();
    return this.locked((attachment) => collectBlocks(attachment.heap));
  }

  /**
   * Looks at every header, footer, free list and counter. Throws InvalidPointerError "corrupt-block" or ArenaError
   * "corrupt-arena" for the first thing that is wrong.
   */
  check(): void {
    this.locked((attachment) => verify(attachment.heap, attachment.caches));
  }

  /** This Worker leaves: its cache goes back, its slot becomes vacant. The next use attaches again. */
  detach(): void {
    this.attachment?.detach();
    this.attachment = undefined;
    this.fastPath?.pointNowhere();
  }

  /**
   * Ends the use of this object. In the Worker that made the arena all of its memory goes back to the system, live
   * blocks included; while other Workers are attached that is refused (ArenaError "busy"). In a Worker that
   * attached, it leaves. The second time nothing happens. The process-wide heap cannot be disposed ("busy").
   */
  dispose(): void {
    if (this.closed) return;
    if (this.source.role === "process-wide") {
      throw new ArenaError(
        "busy",
        "the process-wide heap serves every Worker and cannot be disposed; use detach or trim",
      );
    }
    if (this.uses > 1) {
      this.uses--;
      return;
    }
    if (this.source.role === "creator") this.unmap(this.join());
    else this.detach();
    this.attachment = undefined;
    this.fastPath?.pointNowhere();
    this.closed = true;
    attached.delete(this.source.handle!.id);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** For the fast path: a request that `asking` cannot serve. Not part of the API. */
  mallocSlow(size: number, asking: FastPath): number {
    checkSize("size", size);
    // Without an attachment, since `detach`, `asking` is out of use: the new attachment's fast path serves.
    const pointer =
      this.attachment === undefined ? this.firstPath(size).malloc(size) : this.attachment.malloc(size);
    return asking.placeOf(pointer);
  }

  /** For the fast path: a pointer that it cannot file. Not part of the API. */
  freeSlow(pointer: unknown): void {
    const address = checkPointer(pointer);
    if (address !== 0) freePointer(this.join(), address);
  }

  /** The first `malloc` of this object attaches, if its size is one. */
  private firstPath(size: number): FastPath {
    checkSize("size", size);
    return this.join().fastPath;
  }

  private locked<Result>(look: (attachment: Attachment) => Result): Result {
    const attachment = this.join();
    attachment.heap.enter();
    try {
      return look(attachment);
    } catch (error) {
      // What `check` found is not to be repaired behind the caller's back.
      if (error instanceof InvalidPointerError || error instanceof ArenaError) throw error;
      throw attachment.heap.repaired(error, "stats");
    } finally {
      attachment.heap.leave();
    }
  }

  /** This Worker's attachment; made now if there is none. */
  private join(): Attachment {
    if (this.attachment !== undefined) return this.attachment;
    if (this.closed) throw new ArenaError("disposed", `the arena "${this.name}" was disposed`);
    const attachment = this.source.join(this);
    this.fastPath = attachment.fastPath;
    this.attachment = attachment;
    if (this.source.role !== "process-wide") attached.set(this.source.handle!.id, this);
    return attachment;
  }

  private unmap(attachment: Attachment): void {
    this.alone(attachment, "dispose", () => {
      attachment.leaveForGood();
      unmapAll(attachment.heap);
      return true;
    });
  }

  /** Runs `act` while no other Worker is attached or can attach. It tells whether the arena is gone then. */
  private alone(attachment: Attachment, operation: "reset" | "dispose", act: () => boolean): void {
    const { source } = this;
    const refused = (why: string) =>
      new ArenaError("busy", `${operation} of the arena "${this.name}" is refused: ${why}`);
    if (source.role === "process-wide") throw refused("it is the process-wide heap");
    if (!source.close()) throw refused("a Worker is attaching to it");
    let gone = false;
    try {
      const { slots } = attachment.heap;
      const others = slots.living() - 1 + slots.countAttachment(attachment.slot, 0) - 1;
      if (others > 0) throw refused(`${others} other Workers are attached`);
      // Whatever happens from here on: half unmapped is not to be found again.
      gone = operation === "dispose";
      gone = act();
    } finally {
      source.closed(gone);
    }
  }
}

/** The process-wide heap: the same memory in every Worker of the process. Mapped at its first use. */
export const heap: Arena = new Arena(new ProcessHeapSource());
