#!/usr/bin/env bash
# npm 11 and Bun 1.4.5, installing. When two packages bring the same command, a clean install gives it to the one whose folder
# comes first in the alphabet, not to the one that the project depends on by its own name; an `npm install` that adds the
# other one later gives it to that one. So `tsc` is TypeScript 6.0.3 in a project with typescript 7.0.2 and
# @typescript/typescript6 6.0.2, which brings node_modules/@typescript/old and means to bring `tsc6` only; and with
# "typescript-5.9": "npm:typescript@5.9.3" it is 5.9.3 after `npm install --save-dev`, 7.0.2 after `npm ci`. A script that
# means one of them names its file: node_modules/typescript/bin/tsc. Fails if one of these changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What `tsc` is, by the folder that it stands in.
expect() {
  local wanted=$1 found
  found=$(readlink node_modules/.bin/tsc)
  echo "$2: $found"
  [ "$found" = "../$wanted/bin/tsc" ] || { echo "expected: ../$wanted/bin/tsc"; exit 1; }
}
project() {
  mkdir "$folder/$1"
  cd "$folder/$1"
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund bun@1.4.5 typescript@7.0.2 >/dev/null
  expect typescript "$1, typescript alone"
}
install="npm install --silent --no-audit --no-fund"

echo "npm $(npm --version)"
project compatibility
$install --save-exact @typescript/typescript6@6.0.2 >/dev/null
expect @typescript/old "with @typescript/typescript6, npm install"
npx tsc --version | grep -x "Version 6.0.3"
npm ci --silent --no-audit --no-fund >/dev/null
expect @typescript/old "with @typescript/typescript6, npm ci"

project alias
$install typescript-5.9@npm:typescript@5.9.3 >/dev/null
expect typescript-5.9 "with the alias typescript-5.9, npm install"
npm ci --silent --no-audit --no-fund >/dev/null
expect typescript "with the alias typescript-5.9, npm ci"
cp node_modules/bun/bin/bun.exe "$folder/bun"
rm -r node_modules package-lock.json
"$folder/bun" install --silent
expect typescript "with the alias typescript-5.9, bun install"
