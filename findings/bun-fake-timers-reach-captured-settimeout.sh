#!/usr/bin/env bash
# Bun 1.4.5, bun:test. `jest.useFakeTimers()` also fakes a `setTimeout` that was taken as a reference before the call,
# which a library does to be safe from tests; and a timer that is set through it meanwhile never fires after
# `jest.useRealTimers()`. (@sinonjs/fake-timers 15.0.0, which replaces the global alone, leaves such a reference real: the timer
# fires.) Fails if either of the two changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bun@1.4.5 @sinonjs/fake-timers@15.0.0 >/dev/null

cat >bun.test.ts <<'TS'
import { expect, jest, test } from "bun:test";

const captured = setTimeout;

test("a captured setTimeout is faked, and its timer is lost", async () => {
  let fired = false;
  jest.useFakeTimers();
  captured(() => {
    fired = true;
  }, 10);
  jest.useRealTimers();
  await Bun.sleep(300);
  console.log(`bun:test: the timer fired: ${fired}`);
  expect(fired).toBe(false);
});
TS

cat >sinon.test.ts <<'TS'
import FakeTimers from "@sinonjs/fake-timers";
import { expect, test } from "bun:test";

const captured = setTimeout;

test("a captured setTimeout stays real", async () => {
  let fired = false;
  const clock = FakeTimers.install();
  captured(() => {
    fired = true;
  }, 10);
  clock.uninstall();
  await Bun.sleep(300);
  console.log(`@sinonjs/fake-timers: the timer fired: ${fired}`);
  expect(fired).toBe(true);
});
TS

npx bun --version
npx bun test
