/** What a native allocator says about its version, each in its own way. For measurements. */
import { CString, type Pointer } from "bun:ffi";
import { openLibrary } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

const POINTER_BYTES = 8;

/** Throws if the library cannot be opened. */
export const allocatorVersions = {
  glibc(library: string): string {
    const { gnu_get_libc_version: version } = openLibrary([library], {
      gnu_get_libc_version: { args: [], returns: "cstring" },
    });
    return String((version as () => unknown)());
  },

  mimalloc(library: string): string {
    const { mi_version: version } = openLibrary([library], { mi_version: { args: [], returns: "i32" } });
    const number = (version as () => number)();
    return [Math.floor(number / 100), Math.floor((number / 10) % 10), number % 10].join(".");
  },

  jemalloc(library: string): string {
    const { mallctl } = openLibrary([library], {
      mallctl: { args: ["cstring", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
    });
    const result = new BigUint64Array([0n, BigInt(POINTER_BYTES)]);
    const address = stableAddress(result);
    const name = new TextEncoder().encode("version\0");
    (mallctl as (...values: unknown[]) => number)(name, address, address + POINTER_BYTES, 0, 0);
    return new CString(Number(result[0]) as Pointer).toString();
  },

  tcmalloc(library: string): string {
    const { tc_version: version } = openLibrary([library], {
      tc_version: { args: ["ptr", "ptr", "ptr"], returns: "cstring" },
    });
    return String((version as (...addresses: number[]) => unknown)(0, 0, 0)).replace(/^gperftools /, "");
  },
};
