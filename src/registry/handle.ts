/** Handles: how an arena is named in a message to another Worker. */
import { show } from "../core/arguments.ts";
import { ArenaError } from "../core/errors.ts";
import { VERSION } from "../memory/layout.ts";

/** A plain object; postMessage can carry it. Valid inside one process, as long as the arena is not disposed. */
export interface ArenaHandle {
  /** Version of the layout in memory. */
  readonly version: number;
  /** Address of the arena's first window. */
  readonly address: number;
  /** Tells arenas apart that had the same address one after the other. */
  readonly id: number;
  readonly name: string;
}

/** Throws TypeError unless `value` has the shape of a handle, ArenaError "bad-handle" if its version is another. */
export function checkHandle(value: unknown): asserts value is ArenaHandle {
  const expected = "`handle` must be the `handle` of an Arena";
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${expected}, got ${show(value)}`);
  }
  const keys = Object.keys(value).sort().join();
  if (keys !== "address,id,name,version") {
    throw new TypeError(
      `${expected}: { address, id, name, version }, got an object with the fields: ${keys || "none"}`,
    );
  }
  const { version, address, id, name } = value as Record<keyof ArenaHandle, unknown>;
  if (typeof name !== "string" || ![version, address, id].every((field) => typeof field === "number")) {
    throw new TypeError(`${expected}: a field has the wrong type`);
  }
  if (version !== VERSION) {
    throw new ArenaError(
      "bad-handle",
      `the handle has layout version ${version}, this package reads ${VERSION}`,
    );
  }
}
