/**
 * The public class. An Arena object belongs to one Worker; the arena behind it may be shared by many. The object
 * attaches when it is first used; from then on `malloc` and `free` go straight to its fast path.
 */
import { nativePlatform } from "../../native/index.ts";
import { checkAlignment, checkPointer, checkProduct, checkSize, show } from "../core/arguments.ts";
import { ArenaError, InvalidPointerError } from "../core/errors.ts";
import type { Address, Pointer } from "../core/types.ts";
import { reap, reclaim } from "../death/adoption.ts";
import { ownerNumber } from "../death/owners.ts";
import { discardBlocks, discardMappings, unmapFirstWindow } from "../heap/discard.ts";
import type { Heap } from "../heap/heap.ts";
import type { Held } from "../memory/held.ts";
import { type ArenaHandle, checkHandle } from "../registry/handle.ts";
import { ArenaSource, isProcessHeap, ListedSource, ProcessHeapSource } from "../registry/source.ts";
import { Access } from "../worker/access.ts";
import type { Attachment } from "../worker/attachment.ts";
import { compareBytes, copyBytes, fillBytes } from "../worker/bytes.ts";
import type { FastPath } from "../worker/fast-path.ts";
import { usableSizeOf } from "../worker/pointer-calls.ts";
import { encodeCString, readCString, writeCString } from "../worker/strings.ts";
import type { AllocateOptions, Block, BlockHandle, ViewType } from "./block.ts";
import { Blocks } from "./blocks.ts";
import { type ArenaStats, type BlockFilter, type BlockInfo, collectBlocks, collectStats } from "./inspect.ts";
import { type ArenaOptions, resolveOptions } from "./options.ts";
import { MemoryReader } from "./read.ts";
import { Scope } from "./scope.ts";
import { verify } from "./verify.ts";
import { MemoryWriter } from "./write.ts";

/** This Worker's Arena objects of private arenas, by id: attaching twice gives the same object. */
const attached = new Map<number, Arena>();

/** A heap of its own: with a limit, freed as a whole, attached in other Workers by its handle. */
export class Arena implements Disposable {
  private readonly source: ArenaSource;
  /** Set when the Worker first attaches: `declare` makes it a constant for the compiler (worker/fast-path.ts). */
  private declare fastPath: FastPath | undefined;
  /** Whether `view` was ever called: as long as not, the compiler takes that for a constant. */
  private declare isViewed: boolean;
  private attachment: Attachment | undefined;
  private readonly access = new Access({
    join: () => this.join(),
    elsewhere: (address) => this.elsewhere(address),
  });
  /** Reads this arena's memory: `read.u32(pointer, byteOffset)`, with the names of bun:ffi's `read`. */
  readonly read: MemoryReader = new MemoryReader(this.access);
  /** Writes it: `write.u32(pointer, byteOffset, value)`. */
  readonly write: MemoryWriter = new MemoryWriter(this.access);
  private readonly blocksOf = new Blocks(this, () => this.join());
  private uses = 1;
  private closed = false;

  /**
   * Makes a private arena. Throws TypeError or RangeError for bad options, OutOfMemoryError if the system refuses
   * the address space, ArenaError "too-many-arenas".
   */
  constructor(options?: ArenaOptions);
  /** @internal Over memory that is there already; not in the package's declarations. */
  constructor(source: ArenaSource);
  constructor(options: ArenaOptions | ArenaSource = {}) {
    this.isViewed = false;
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
    const { heap: shared } = this.join();
    // Only a mapping of its own can be fresh from the system.
    if (byteLength <= shared.geometry.largeThresholdBytes || !shared.servedFresh)
      shared.platform.pages.fill(pointer as number as Address, 0, byteLength);
    return pointer;
  }

  /**
   * Changes the size of a block, in place where possible; the first min(old, new) bytes are kept. A null pointer
   * allocates; size 0 gives a smallest block, it does not free. If it throws, the old block is as it was.
   * Alignment beyond 16 bytes may be lost. Throws as `malloc` and `free`.
   */
  realloc(pointer: Pointer | number | null, size: number): Pointer {
    const { fastPath } = this;
    if (this.isViewed || fastPath === undefined) return this.reallocFirst(pointer, size);
    return fastPath.realloc(pointer as number, size);
  }

  /**
   * A block whose address is a multiple of `alignment`, a power of two up to 1 GiB; small ones give 16 anyway.
   * Throws as `malloc`.
   */
  alignedAlloc(alignment: number, size: number): Pointer {
    return (this.fastPath ?? this.firstAlignedPath(alignment, size)).mallocAligned(alignment, size);
  }

  /**
   * Frees a block, whichever Worker allocated it. Null and 0 do nothing. Throws TypeError or RangeError for what
   * cannot be a pointer, InvalidPointerError for a pointer that is no block in use; the arena is unchanged then.
   */
  free(pointer: Pointer | number | null): void {
    const { fastPath } = this;
    if (fastPath === undefined) this.freeFirst(pointer);
    else fastPath.free(pointer as number);
    if (this.isViewed) this.blocksOf.views.drop(pointer as number);
  }

  /** Bytes that can be used at `pointer`: at least what was requested. 0 for null. Throws as `free`. */
  usableSize(pointer: Pointer | number | null): number {
    const address = checkPointer(pointer);
    if (address === 0) return 0;
    // Without a closure, as all that is called often: garbage stays for long beside large views (docs/runtime.md).
    const attachment = this.join();
    try {
      return usableSizeOf(attachment, address);
    } catch (error) {
      throw attachment.heap.unheld(error);
    }
  }

  /**
   * Copies `byteLength` bytes of this arena; the ranges may overlap (memmove). Throws TypeError or RangeError for what is no
   * pointer or size, or leads out of the memory that is in use, InvalidPointerError for a pointer into anything else. A
   * block's own borders are not looked at.
   */
  copy(target: Pointer | number, source: Pointer | number, byteLength: number): void {
    copyBytes(this.access, target, source, byteLength);
  }

  /** Fills `byteLength` bytes with a byte, from 0 to 255. Throws as `copy`. */
  fill(pointer: Pointer | number, value: number, byteLength: number): void {
    fillBytes(this.access, pointer, value, byteLength);
  }

  /** Compares `byteLength` bytes, as unsigned numbers (memcmp): -1, 0 or 1. Throws as `copy`. */
  compare(one: Pointer | number, other: Pointer | number, byteLength: number): -1 | 0 | 1 {
    return compareBytes(this.access, one, other, byteLength);
  }

  /**
   * A new block with `text` as C has strings: UTF-8 and a NUL byte. A lone surrogate becomes U+FFFD. Throws TypeError for what
   * is no string, RangeError if it contains NUL, OutOfMemoryError.
   */
  cstring(text: string): Pointer {
    const bytes = encodeCString(text);
    const pointer = this.malloc(bytes.length);
    writeCString(this.access, pointer, bytes);
    return pointer;
  }

  /**
   * The string at `byteOffset` from `pointer`: UTF-8 up to the first NUL byte, or up to `byteLength` bytes if none of them is
   * one. What is no UTF-8 becomes U+FFFD. Throws RangeError if no NUL comes, else as `copy`.
   */
  readCString(pointer: Pointer | number, byteOffset = 0, byteLength?: number): string {
    return readCString(this.access, pointer, byteOffset, byteLength);
  }

  /**
   * A typed array (or DataView) over a block in use: `length` elements, or as many whole ones as it has room for. All views of a
   * block that this Worker makes share one buffer of exactly its usable bytes, and are empty once it is freed, or moved by
   * `realloc`, through this object; if another Worker frees it they show whatever comes next, and of a block above
   * `largeThreshold` an access ends the process then. From the first view on `free` and `realloc` of this object
   * look whether there is one: some nanoseconds. Throws TypeError or RangeError for a bad type or length, and as `free`.
   */
  view<View>(pointer: Pointer | number, type: ViewType<View>, length?: number): View {
    this.isViewed = true;
    return this.blocksOf.view(pointer, type, length);
  }

  /**
   * A Block: memory with an owner, whose views are empty once it is disposed. `using block = arena.allocate(1024)`. Throws
   * TypeError or RangeError for a bad size or bad options, OutOfMemoryError.
   */
  allocate(byteLength: number, options: AllocateOptions = {}): Block {
    return this.blocksOf.allocate(byteLength, options);
  }

  /**
   * Takes over a Block that its owner has handed over, in any Worker that is attached to the same arena: exactly one of several
   * gets it. Throws TypeError for something that is no handle, ArenaError "bad-handle" for one that was adopted already, or is
   * another arena's.
   */
  adopt(handle: BlockHandle): Block {
    return this.blocksOf.adopt(handle);
  }

  /** A scope: `using scope = arena.scope()`. All that is allocated through it is freed at its end. */
  scope(): Scope {
    this.join();
    return new Scope(this, this.blocksOf);
  }

  /**
   * Frees every block at once. Refused for the process-wide heap, and while other Workers are attached: ArenaError
   * "busy". Who wants to attach meanwhile waits.
   */
  reset(): void {
    this.guarded((attachment) => {
      const shared: Heap = attachment.heap;
      this.beAlone(attachment, "reset");
      this.blocksOf.forgetAll();
      try {
        shared.enter();
        try {
          discardBlocks(shared);
        } catch (error) {
          throw shared.repaired(error, "reset");
        } finally {
          shared.leave();
        }
      } finally {
        this.source.reopen();
      }
    });
  }

  /** Gives this Worker's cache, those of dead Workers, and all free pages back. Returns bytes given to the system. */
  trim(): number {
    return this.guarded((attachment) => attachment.trim());
  }

  /** Figures of the arena, by a walk over its blocks. */
  stats(): ArenaStats {
    return this.locked(collectStats);
  }

  /** This Worker's number in the arena, as `BlockInfo.owner` tells it: no other attachment ever has the same. */
  get owner(): number {
    const { heap: shared, slot } = this.join();
    return ownerNumber(shared, slot);
  }

  /**
   * The blocks in use at this moment, or only those of one owner. What a dead Worker was reallocating counts again: its
   * claims are settled. Throws RangeError or TypeError for an `owner` that no block can have.
   */
  blocks(filter: BlockFilter = {}): Iterable<BlockInfo> {
    const { owner } = filter;
    if (owner !== undefined) checkOwner(owner);
    this.guarded((attachment) => reap(attachment.heap));
    return this.locked((shared) => collectBlocks(shared, owner));
  }

  /**
   * Frees everything that a Worker that has gone (died or detached) left allocated in this arena. Returns the number of
   * blocks. Its pointers must not be used any more, wherever they are. Throws ArenaError "busy" for a living Worker,
   * RangeError or TypeError for what was never an owner.
   */
  reclaim(owner: number): number {
    checkOwner(owner);
    const result = this.guarded((attachment) => reclaim(attachment.heap, owner));
    if (result === "living") {
      throw new ArenaError(
        "busy",
        `reclaim of owner ${owner} is refused: its Worker is alive and attached to "${this.name}"`,
      );
    }
    if (result === "unknown") throw notAnOwner(owner);
    return result;
  }

  /**
   * Looks at every header, footer, free list and counter. Throws InvalidPointerError "corrupt-block" or ArenaError
   * "corrupt-arena" for the first thing that is wrong.
   */
  check(): void {
    this.locked(verify);
  }

  /** This Worker leaves: its cache goes back, its slot becomes vacant. The next use attaches again. */
  detach(): void {
    if (this.attachment !== undefined) this.guarded((attachment) => attachment.detach());
    this.attachment = undefined;
    this.fastPath = undefined;
    this.access.forget();
    this.blocksOf.views.dropAll();
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
    if (this.source.role === "creator") this.guarded((attachment) => this.unmap(attachment));
    else this.detach();
    this.attachment = undefined;
    this.fastPath = undefined;
    this.access.forget();
    this.blocksOf.views.dropAll();
    this.closed = true;
    attached.delete(this.source.handle!.id);
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The first `malloc` of this object attaches, if its size is one. */
  private firstPath(size: number): FastPath {
    checkSize("size", size);
    return this.join().fastPath;
  }

  /** Null needs no attachment, and neither does what is no pointer. */
  private freeFirst(pointer: Pointer | number | null): void {
    const address = checkPointer(pointer);
    if (address === 0) return;
    this.join().fastPath.free(address);
  }

  /** The first `realloc` attaches, if its arguments are right. Or there are views. */
  private reallocFirst(pointer: Pointer | number | null, size: number): Pointer {
    const address = checkPointer(pointer);
    checkSize("size", size);
    const { fastPath } = this.join();
    const moved = fastPath.realloc(address, size);
    const { views } = this.blocksOf;
    const reach = views.reach(address);
    if (reach !== 0 && (moved !== address || this.usableSize(moved) < reach)) views.drop(address);
    return moved;
  }

  private firstAlignedPath(alignment: number, size: number): FastPath {
    checkAlignment(alignment);
    checkSize("size", size);
    return this.join().fastPath;
  }

  /** Runs what may take the lock: no exception leaves it held, not even that of a full stack. */
  private guarded<Result>(act: (attachment: Attachment) => Result): Result {
    const attachment = this.join();
    try {
      return act(attachment);
    } catch (error) {
      throw attachment.heap.unheld(error);
    }
  }

  private locked<Result>(look: (shared: Held<Heap>) => Result): Result {
    return this.guarded((attachment) => {
      const shared: Heap = attachment.heap;
      shared.enter();
      try {
        return look(shared);
      } catch (error) {
        // What `check` found is not to be repaired behind the caller's back.
        if (error instanceof InvalidPointerError || error instanceof ArenaError) throw error;
        throw shared.repaired(error, "stats");
      } finally {
        shared.leave();
      }
    });
  }

  /** For a message: in which other arena of this Worker's an address lies. */
  private elsewhere(address: number): string {
    const owner = [heap, ...attached.values()].find((arena) => arena !== this && arena.holds(address));
    return owner === undefined ? "" : `, in the arena "${owner.name}"`;
  }

  private holds(address: number): boolean {
    const windows = this.attachment?.heap.windows ?? [];
    return windows.some(({ window: { base, byteLength } }) => address >= base && address < base + byteLength);
  }

  /** This Worker's attachment; made now if there is none. */
  private join(): Attachment {
    if (this.attachment !== undefined) return this.attachment;
    if (this.closed) throw new ArenaError("disposed", `the arena "${this.name}" was disposed`);
    const attachment = this.source.join();
    this.fastPath = attachment.fastPath;
    this.attachment = attachment;
    attachment.shareViews(this.access);
    if (this.source.role !== "process-wide") attached.set(this.source.handle!.id, this);
    return attachment;
  }

  /** Ends the arena. From the moment when it begins to be unmapped it is not listed again whatever happens. */
  private unmap(attachment: Attachment): void {
    this.beAlone(attachment, "dispose");
    attachment.leaveForGood();
    this.source.startEnding();
    discardMappings(attachment.heap);
    this.source.ended();
    unmapFirstWindow(attachment.heap);
  }

  /** Keeps others out until `reopen`. Throws ArenaError "busy", with the arena open, if other Workers are attached. */
  private beAlone(attachment: Attachment, operation: "reset" | "dispose"): void {
    const occupied = this.source.occupy();
    const { slots } = attachment.heap;
    const others = slots.living() - 1;
    const copies = slots.countAttachment(attachment.slot, 0) - 1;
    if (occupied && others === 0 && copies === 0) return;
    if (occupied) this.source.reopen();
    const why =
      this.source.role === "process-wide"
        ? "it is the process-wide heap"
        : occupied
          ? whoIsAttached(others, copies)
          : "a Worker is attaching to it";
    throw new ArenaError("busy", `${operation} of the arena "${this.name}" is refused: ${why}`);
  }
}

/** Who keeps an arena from being ended: other Workers, and other copies of this module in the same one. */
function whoIsAttached(others: number, copies: number): string {
  const workers = others === 1 ? "another Worker is attached" : `${others} other Workers are attached`;
  const modules =
    copies === 1
      ? "another copy of the package in this Worker is attached"
      : `${copies} other copies of the package in this Worker are attached`;
  return [others > 0 ? workers : "", copies > 0 ? modules : ""].filter((part) => part !== "").join(", and ");
}

function checkOwner(owner: unknown): asserts owner is number {
  const expected = "`owner` must be the `owner` of an Arena or of a block";
  if (typeof owner !== "number") throw new TypeError(`${expected}, got ${show(owner)}`);
  if (!Number.isSafeInteger(owner) || owner < 0)
    throw new RangeError(`${expected}, a whole number from 0, got ${show(owner)}`);
}

function notAnOwner(owner: number): RangeError {
  return new RangeError(
    `\`owner\` must be the \`owner\` of an Arena or of a block, got ${owner}, which no Worker of this arena has had`,
  );
}

/** The process-wide heap: the same memory in every Worker of the process. Mapped at its first use. */
export const heap: Arena = new Arena(new ProcessHeapSource((pageSize) => resolveOptions({}, pageSize)));
