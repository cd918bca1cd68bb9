/** Every contender, in the order of the table. */
import { fileURLToPath } from "node:url";
import { openFloor } from "../../native/floor.ts";
import { devDependencies, version as huskyVersion } from "../../package.json";
import type { Calls, Lacks } from "./calls.ts";
import type { Contender, Files } from "./contender.ts";
import { openEmpty } from "./empty.ts";
import { openArena, openFunctions } from "./husky.ts";
import {
  arrayBufferLacks,
  openArrayBuffer,
  openPool,
  openUnsafeBuffer,
  poolLacks,
  unsafeBufferLacks,
} from "./javascript.ts";
import { type Library, libraries, openByFfi, versionOf } from "./native.ts";

const thisIndex = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

/** The process-wide heap, with the policy that it has. */
const husky: Contender = {
  name: "husky",
  kind: "husky",
  lacks: {},
  version: () => huskyVersion,
  open: async () => ({ calls: await openFunctions(thisIndex) }),
};

const POLICY_PREFIX = "husky:";

const huskyWith = (policy: string): Contender => ({
  ...husky,
  name: POLICY_PREFIX + policy,
  open: (_, handle) => openArena(thisIndex, policy, handle),
});

/** The same functions as they were at another revision. */
const REVISION_PREFIX = "husky@";

const huskyAt = (revision: string): Contender => ({
  ...husky,
  name: REVISION_PREFIX + revision,
  version: () => revision,
  open: async ({ against }) => ({ calls: await openFunctions(against!.index) }),
});

const byFfi = (library: Library): Contender => ({
  name: library.name === "glibc" ? "libc" : library.name,
  kind: "ffi",
  lacks: {},
  ...(library.opensOnlyPreloaded && { preload: library.file }),
  version: () => versionOf(library),
  open: async () => ({ calls: openByFfi(library) }),
});

const inC = (library: Library): Contender => ({
  name: `C ${library.name}`,
  kind: "native",
  lacks: {},
  ...(library.name !== "glibc" && { preload: library.file }),
  version: () => versionOf(library),
  async open({ floor }) {
    if ("missing" in floor) throw new Error(floor.missing);
    return { floor: openFloor(floor.path, library.file) };
  },
});

const inJavaScript = (
  name: string,
  version: string,
  lacks: Lacks,
  open: () => Calls<unknown>,
): Contender => ({
  name,
  kind: "javascript",
  lacks,
  version: () => version,
  open: async () => ({ calls: open() }),
});

const empty: Contender = {
  name: "empty",
  kind: "empty",
  lacks: {},
  version: () => Bun.version,
  open: async () => ({ calls: openEmpty() }),
};

const reachedByFfi = libraries.map(byFfi);

const others: readonly Contender[] = [
  ...reachedByFfi,
  inJavaScript("ArrayBuffer", Bun.version, arrayBufferLacks, openArrayBuffer),
  inJavaScript("allocUnsafeSlow", Bun.version, unsafeBufferLacks, openUnsafeBuffer),
  inJavaScript("@thi.ng/malloc", devDependencies["@thi.ng/malloc"], poolLacks, openPool),
  ...libraries.map(inC),
];

const huskies = (revision: string | undefined): Contender[] =>
  revision === undefined ? [husky] : [husky, huskyAt(revision)];

/** Husky with the policy of its process-wide heap comes first; `policies` are the other ones. */
export function contendersFor(policies: readonly string[], revision: string | undefined): Contender[] {
  return [...huskies(revision), ...policies.map(huskyWith), ...others];
}

/** Who replays recordings: all that have plain addresses, and whoever allocates nothing. */
export function replayersFor(revision: string | undefined): Contender[] {
  return [...huskies(revision), ...reachedByFfi, empty];
}

/** By its name, in a child process. */
export function contenderNamed(name: string, { against }: Files): Contender {
  if (name.startsWith(POLICY_PREFIX)) return huskyWith(name.slice(POLICY_PREFIX.length));
  if (against !== undefined && name === REVISION_PREFIX + against.revision) return huskyAt(against.revision);
  return [husky, ...others, empty].find((contender) => contender.name === name)!;
}
