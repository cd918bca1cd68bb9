/** Making arenas and finding them: what stands between the directory and an attachment. */
import { nativePlatform } from "../../native/index.ts";
import { ArenaError, hex, OutOfMemoryError } from "../core/errors.ts";
import type { Address } from "../core/types.ts";
import type { Geometry } from "../heap/control.ts";
import { Heap } from "../heap/heap.ts";
import { VERSION } from "../memory/layout.ts";
import { Attachment } from "./attachment.ts";
import { Directory } from "./directory.ts";
import type { ArenaHandle } from "./handle.ts";
import { resolveOptions } from "./options.ts";

export interface Joined {
  readonly attachment: Attachment;
  readonly handle: ArenaHandle;
}

type Shape = Omit<Geometry, "id" | "secret">;

let opened: Directory | undefined;

/** The process's directory of arenas, opened at the first call in each Worker. */
export function directory(): Directory {
  opened ??= Directory.open(nativePlatform());
  return opened;
}

/** Makes a private arena and attaches to it. Throws OutOfMemoryError, ArenaError "too-many-arenas". */
export function createArena(name: string, shape: Shape): Joined {
  let heap: Heap | undefined;
  directory().add(() => {
    heap = makeHeap(shape);
    return { address: heap.control.base, id: heap.geometry.id };
  });
  return { attachment: new Attachment(heap!), handle: handleOf(heap!, name) };
}

/** Attaches to the process-wide heap, making it if this Worker is the first. Throws OutOfMemoryError. */
export function joinProcessHeap(): Joined {
  const { name: _, ...shape } = resolveOptions({}, nativePlatform().pages.pageSize);
  const address = directory().processHeap(() => {
    const heap = makeHeap(shape);
    return { address: heap.control.base, id: heap.geometry.id };
  });
  const heap = openHeap(address);
  return { attachment: new Attachment(heap), handle: handleOf(heap, "heap") };
}

/** Attaches to the arena behind a handle. Throws ArenaError "bad-handle", "disposed" or "too-many-workers". */
export function attachTo({ address, id, name }: ArenaHandle): Attachment {
  if (!directory().visit(address, id)) {
    if (directory().lists(address)) {
      throw new ArenaError(
        "disposed",
        `the arena "${name}" was disposed; its address ${hex(address)} has another arena now`,
      );
    }
    throw new ArenaError(
      "bad-handle",
      `no arena of this process is at ${hex(address)}: it was disposed, or never was`,
    );
  }
  try {
    const heap = openHeap(address as Address);
    if (heap.geometry.id !== id)
      throw new ArenaError("bad-handle", `the arena at ${hex(address)} has another id`);
    return new Attachment(heap);
  } finally {
    directory().left(address, id);
  }
}

function makeHeap(shape: Shape): Heap {
  const { pages } = nativePlatform();
  const [high, low, secret] = crypto.getRandomValues(new Uint32Array(3)) as unknown as [
    number,
    number,
    number,
  ];
  const id = (high % 2 ** 20) * 2 ** 32 + low + 1;
  const heap = Heap.create(nativePlatform(), { ...shape, id, secret: secret | 0 });
  if (typeof heap === "number") {
    const detail = `the system refused a window of ${shape.reserveBytes} bytes: ${pages.describeError(heap)}`;
    throw new OutOfMemoryError("system", shape.reserveBytes, 0, detail);
  }
  return heap;
}

function openHeap(address: Address): Heap {
  const heap = Heap.open(nativePlatform(), address);
  if (typeof heap === "string")
    throw new ArenaError("bad-handle", `the arena at ${hex(address)} cannot be read: ${heap}`);
  return heap;
}

function handleOf(heap: Heap, name: string): ArenaHandle {
  return { version: VERSION, address: heap.control.base, id: heap.geometry.id, name };
}
