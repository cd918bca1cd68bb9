/**
 * Where an Arena object's memory comes from, and how this Worker gets at it: the process-wide heap, a private
 * arena listed in the directory, or (in the tests) a heap on simulated pages.
 */
import { nativePlatform } from "../../native/index.ts";
import { ArenaError, hex, OutOfMemoryError } from "../core/errors.ts";
import type { Address } from "../core/types.ts";
import { recover } from "../death/recovery.ts";
import { discardMappings, unmapFirstWindow } from "../heap/discard.ts";
import { Heap } from "../heap/heap.ts";
import type { ArenaShape, Geometry } from "../memory/control.ts";
import { VERSION } from "../memory/layout.ts";
import type { Platform } from "../platform/platform.ts";
import { Attachment } from "../worker/attachment.ts";
import { Directory } from "./directory.ts";
import type { ArenaHandle } from "./handle.ts";

/** What `dispose` means: the heap is never disposed, a creator ends the arena, a guest leaves it. */
export type Role = "process-wide" | "creator" | "guest";

export abstract class ArenaSource {
  abstract readonly name: string;
  abstract readonly role: Role;
  /** Known once the arena exists. */
  abstract readonly handle: ArenaHandle | undefined;
  /** Attaches this Worker. */
  abstract join(): Attachment;
  /** Makes others wait who want to attach, until `reopen`. False if one is attaching right now. */
  abstract occupy(): boolean;
  /** Ends `occupy`. */
  abstract reopen(): void;
  /** Nobody can attach any more. */
  abstract startEnding(): void;
  /** The arena is gone, all but its first window. */
  abstract ended(): void;
}

let opened: Directory | undefined;

/** The process's directory of arenas, opened at the first call in each Worker. */
function directory(): Directory {
  opened ??= Directory.open(nativePlatform());
  return opened;
}

/** Whether a handle names the process-wide heap. */
export function isProcessHeap(handle: ArenaHandle): boolean {
  return directory().isProcessHeap(handle);
}

export class ProcessHeapSource extends ArenaSource {
  readonly name = "heap";
  readonly role = "process-wide";
  handle: ArenaHandle | undefined;

  /** `shapeFor` tells the shape, by the system's page size, to the first one who asks for the heap. */
  constructor(private readonly shapeFor: (pageSize: number) => ArenaShape) {
    super();
  }

  join(): Attachment {
    const platform = nativePlatform();
    const shape = this.shapeFor(platform.pages.pageSize);
    const place = directory().processHeap(() => placeOf(makeHeap(platform, shape)));
    const heap = openHeap(platform, place);
    this.handle = handleOf(heap, this.name);
    return new Attachment(heap);
  }

  occupy(): boolean {
    return false;
  }

  reopen(): void {}

  startEnding(): void {}

  ended(): void {}
}

export class ListedSource extends ArenaSource {
  readonly name: string;

  private constructor(
    readonly handle: ArenaHandle,
    readonly role: Role,
    private fresh: Heap | undefined,
  ) {
    super();
    this.name = handle.name;
  }

  /** Makes a private arena. Throws OutOfMemoryError, ArenaError "too-many-arenas". */
  static create(name: string, shape: ArenaShape): ListedSource {
    finishEnding();
    let made: Heap | undefined;
    directory().add(() => {
      made = makeHeap(nativePlatform(), shape);
      return placeOf(made);
    });
    return new ListedSource(handleOf(made!, name), "creator", made);
  }

  /** For an arena that another Worker made; `join` finds out whether it exists. */
  static find(handle: ArenaHandle): ListedSource {
    return new ListedSource({ ...handle }, "guest", undefined);
  }

  /** Throws ArenaError "bad-handle", "disposed" or "too-many-workers". */
  join(): Attachment {
    const { address, name } = this.handle;
    const { fresh } = this;
    this.fresh = undefined;
    if (fresh !== undefined) return new Attachment(fresh);
    if (!directory().visit(this.handle)) {
      if (directory().remembers(this.handle)) {
        throw new ArenaError("disposed", `the arena "${name}" was disposed`);
      }
      throw new ArenaError(
        "bad-handle",
        `no arena of this process is or was at ${hex(address)} with this id`,
      );
    }
    try {
      return new Attachment(openHeap(nativePlatform(), address as Address));
    } finally {
      directory().left(this.handle);
    }
  }

  occupy(): boolean {
    return directory().occupy(this.handle);
  }

  reopen(): void {
    directory().left(this.handle);
  }

  startEnding(): void {
    directory().startEnding(this.handle);
  }

  ended(): void {
    directory().ended(this.handle);
  }
}

/** Ends the arenas that dead Workers were ending. */
function finishEnding(): void {
  for (;;) {
    const place = directory().inheritEnding();
    if (place === undefined) return;
    const attachment = new Attachment(openHeap(nativePlatform(), place.address as Address));
    attachment.leaveForGood();
    const { heap } = attachment;
    discardMappings(heap);
    directory().ended(place);
    unmapFirstWindow(heap);
  }
}

/** Maps a new arena. Throws OutOfMemoryError. */
export function makeHeap(platform: Platform, shape: ArenaShape): Heap {
  const [high, low, secret] = crypto.getRandomValues(new Uint32Array(3)) as unknown as [
    number,
    number,
    number,
  ];
  const id = (high % 2 ** 20) * 2 ** 32 + low + 1;
  const heap = Heap.create(platform, { ...shape, id, secret: secret | 0 }, recover);
  if (typeof heap === "number") {
    const detail = `the system refused a window of ${shape.reserveBytes} bytes: ${platform.pages.describeError(heap)}`;
    throw new OutOfMemoryError("system", shape.reserveBytes, 0, detail);
  }
  return heap;
}

/** Opens the arena whose first window is at `address`. Throws ArenaError "bad-handle". */
export function openHeap(platform: Platform, address: Address): Heap {
  const heap = Heap.open(platform, address, recover);
  if (typeof heap === "string")
    throw new ArenaError("bad-handle", `the arena at ${hex(address)} cannot be read: ${heap}`);
  return heap;
}

function placeOf(heap: Heap): { address: number; id: number } {
  const { id } = heap.geometry as Geometry;
  return { address: heap.control.base, id };
}

export function handleOf(heap: Heap, name: string): ArenaHandle {
  return { version: VERSION, name, ...placeOf(heap) };
}
