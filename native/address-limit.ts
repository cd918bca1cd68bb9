/** The limit of this process's address space (RLIMIT_AS). Linux only; for the stress runner. */
import { readFileSync } from "node:fs";
import { libc, openLibrary } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

const RLIMIT_AS = 9;
const SIZE_FIELD = 0;

/** struct rlimit: what holds now, and what it may be raised to. */
const limits = new BigUint64Array(2);

interface Functions {
  getrlimit(resource: number, limitsAddress: number): number;
  setrlimit(resource: number, limitsAddress: number): number;
}

let functions: Functions | undefined;

function open(): Functions {
  functions ??= openLibrary(libc().system.libraries, {
    getrlimit: { args: ["i32", "ptr"], returns: "i32" },
    setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  }) as unknown as Functions;
  return functions;
}

/** Bytes of address space in use. */
export function addressSpaceBytes(): number {
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[SIZE_FIELD]) * libc().getpagesize();
}

/** Lets the process use no more than `byteLength` bytes of address space; `null`: as much as it was allowed before. */
export function limitAddressSpace(byteLength: number | null): void {
  const { getrlimit, setrlimit } = open();
  const address = stableAddress(limits);
  if (getrlimit(RLIMIT_AS, address) !== 0) throw new Error("getrlimit failed");
  limits[0] = byteLength === null ? limits[1]! : BigInt(Math.round(byteLength));
  if (setrlimit(RLIMIT_AS, address) !== 0) throw new Error(`setrlimit to ${byteLength} bytes failed`);
}
