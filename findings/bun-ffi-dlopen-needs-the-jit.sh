#!/usr/bin/env bash
# Bun 1.4.5, bun:ffi, Linux. With all compilers off (BUN_JSC_useJIT=0, to look at the interpreter alone) `dlopen` throws
# "bun:ffi requires the JIT" for every library, while `ptr`, `read` and `toArrayBuffer` of the same module work. With the DFG
# and FTL compilers off, or the baseline compiler, it works. Fails if one of these changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bun@1.4.5 >/dev/null

cat >calls.ts <<'TS'
import { dlopen, ptr, read, toArrayBuffer } from "bun:ffi";

const bytes = new Uint8Array([1, 2, 3, 4]);
const copy = new Uint8Array(toArrayBuffer(ptr(bytes), 0, 4));
let opened: string;
try {
  const { symbols } = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
  opened = symbols.getpid() === process.pid ? "works" : "answers something else";
} catch (error) {
  opened = (error as Error).message;
}
console.log(`read ${read.u8(ptr(bytes), 2)}, toArrayBuffer ${copy[3]}, dlopen ${opened}`);
TS

expect() {
  local wanted=$1 found
  shift
  found=$(env "$@" npx bun calls.ts)
  echo "$*: $found"
  [ "$found" = "$wanted" ] || { echo "expected: $wanted"; exit 1; }
}

npx bun --version
expect "read 3, toArrayBuffer 4, dlopen works" BUN_JSC_useJIT=1
expect "read 3, toArrayBuffer 4, dlopen bun:ffi requires the JIT" BUN_JSC_useJIT=0
expect "read 3, toArrayBuffer 4, dlopen works" BUN_JSC_useDFGJIT=0
expect "read 3, toArrayBuffer 4, dlopen works" BUN_JSC_useBaselineJIT=0
