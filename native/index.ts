/** The operating system behind the allocator: the only folder that imports `bun:ffi`. */
import type { Platform } from "../src/platform/platform.ts";
import { isLinux, libc } from "./libc.ts";
import { NativePageSource } from "./page-source.ts";
import { LinuxThreadSource } from "./threads-linux.ts";
import { MacosThreadSource } from "./threads-macos.ts";

let platform: Platform | undefined;

/**
 * The platform of this process, created at the first call in each Worker. Throws on a system that is not supported;
 * importing this file does nothing.
 */
export function nativePlatform(): Platform {
  platform ??= create();
  return platform;
}

function create(): Platform {
  const library = libc();
  const threads = isLinux(library) ? new LinuxThreadSource(library) : new MacosThreadSource(library);
  return { pages: new NativePageSource(library), threads };
}
