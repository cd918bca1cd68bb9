#!/usr/bin/env bash
# Bun 1.4.5, bundler. What `bun build --target=bun --format=cjs` made (with --bytecode too: it begins with "// @bun @bun-cjs")
# runs, by import and by require; but as the input of another `bun build` it is an empty module, without a warning: what is
# imported or required from it is undefined in the bundle. (Named .js, an import is at least an error: "No matching export".)
# What `--target=node --format=cjs` made of the same source is taken in. So a package cannot ship such a file, nor bytecode
# beside it, for programs that are bundled. Fails if one of these changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bun@1.4.5 >/dev/null

cat >library.ts <<'TS'
export function twice(value: number): number {
  return 2 * value;
}
TS
for target in bun node; do
  npx bun build --target=$target --format=cjs library.ts --outfile=$target.cjs >/dev/null
  echo "import { twice } from './$target.cjs'; console.log('import', twice?.(3));" >import-$target.ts
  echo "console.log('require', require('./$target.cjs').twice?.(3));" >require-$target.ts
done

expect() {
  local wanted=$1 found
  shift
  found=$("$@")
  echo "$*: $found"
  [ "$found" = "$wanted" ] || { echo "expected: $wanted"; exit 1; }
}
bundled() {
  npx bun build --target=bun "$1.ts" --outfile="bundled-$1.js" >/dev/null
  npx bun "bundled-$1.js"
}

npx bun --version
expect "import 6" npx bun import-bun.ts
expect "require 6" npx bun require-bun.ts
expect "import undefined" bundled import-bun
expect "require undefined" bundled require-bun
expect "import 6" bundled import-node
expect "require 6" bundled require-node
