/** The options of an arena: one table, checked before anything is mapped. */
import { show } from "../core/arguments.ts";
import {
  LARGE_THRESHOLD_BYTES,
  PURGE_DELAY_MOST_MS,
  PURGE_DELAY_MS,
  WINDOW_BYTES,
} from "../core/tunables.ts";
import type { ArenaShape } from "../memory/control.ts";
import { controlWords } from "../memory/layout.ts";
import { DEFAULT_POLICY, policies } from "../policies/catalogue.ts";
import { parsePolicy } from "../policies/policy-options.ts";

/** What `new Arena` takes. */
export interface ArenaOptions {
  /**
   * How free memory is organised and found: one of `policyNames`, default "bins", or one with options, for instance
   * "unordered:fit=best,merge=never" (docs/policies.md).
   */
  policy?: string;
  /**
   * Bytes the arena may have committed at the most (see `ArenaStats.committedBytes`), a multiple of the page size.
   * A request that would exceed it throws OutOfMemoryError and changes nothing. Default: no limit.
   */
  limit?: number;
  /**
   * Bytes of address space each window reserves, a multiple of the page size, at most 4 GiB, the default. Where the
   * system refuses that much, a quarter is tried, down to 64 MiB.
   */
  reserve?: number;
  /**
   * Requests above so many bytes get a mapping of their own. Default 64 MiB, at most 1 GiB and a quarter of a window;
   * never more than the policy serves.
   */
  largeThreshold?: number;
  /** Whether each Worker keeps a stock of ready blocks. Default true. Without it every request takes the lock. */
  workerCache?: boolean;
  /**
   * Milliseconds that free memory is idle before it is given back to the system without `trim`: an integer from 0, at
   * once, to a day, or Infinity, never. Default 200.
   */
  purgeDelay?: number;
  /** How much is checked. Only "default" exists so far. */
  checks?: "default";
  /** Shown in messages. Default "arena". */
  name?: string;
}

const THRESHOLD_MOST = 2 ** 30;
const NAMES = ["policy", "limit", "reserve", "largeThreshold", "workerCache", "purgeDelay", "checks", "name"];

/** Checks the options. Throws TypeError or RangeError naming the option, its value and the allowed range. */
export function resolveOptions(options: ArenaOptions, pageSize: number): ArenaShape & { name: string } {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`\`options\` must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!NAMES.includes(key)) {
      throw new TypeError(
        `unknown option \`${key}\`; the options are ${NAMES.map((name) => `\`${name}\``).join(", ")}`,
      );
    }
  }
  const {
    policy = DEFAULT_POLICY,
    workerCache = true,
    purgeDelay = PURGE_DELAY_MS,
    checks = "default",
    name = "arena",
  } = options;
  if (typeof name !== "string") throw new TypeError(`\`name\` must be a string, got ${show(name)}`);
  const chosen = parsePolicy(policies, policy);
  if (typeof workerCache !== "boolean")
    throw new TypeError(`\`workerCache\` must be a boolean, got ${show(workerCache)}`);
  if (checks !== "default") {
    const error = typeof checks === "string" ? RangeError : TypeError;
    throw new error(`\`checks\` must be "default", got ${show(checks)}`);
  }
  const control = controlWords(pageSize) * 4;
  const reserveBytes = bytes(
    "reserve",
    options.reserve ?? WINDOW_BYTES,
    control + 2 ** 16,
    WINDOW_BYTES,
    pageSize,
  );
  return {
    policy: chosen.policy,
    policyChoice: chosen.choice,
    workerCache,
    limitBytes:
      options.limit === undefined ? Infinity : bytes("limit", options.limit, pageSize, 2 ** 47, pageSize),
    reserveBytes,
    purgeDelayMs: delay(purgeDelay),
    largeThresholdBytes: Math.min(
      threshold(options.largeThreshold, reserveBytes - control),
      policies[chosen.policy]!.largestBytes(reserveBytes),
    ),
    name,
  };
}

/** The default threshold gives way to a small window; a chosen one must fit. */
function threshold(chosen: number | undefined, windowBytes: number): number {
  const most = Math.min(THRESHOLD_MOST, Math.floor(windowBytes / 4));
  return chosen === undefined
    ? Math.min(LARGE_THRESHOLD_BYTES, most)
    : bytes("largeThreshold", chosen, 0, most, 1);
}

function delay(value: unknown): number {
  const range = `an integer from 0 to ${PURGE_DELAY_MOST_MS} (milliseconds) or Infinity`;
  if (typeof value !== "number") throw new TypeError(`\`purgeDelay\` must be ${range}, got ${show(value)}`);
  const isInRange = Number.isInteger(value) && value >= 0 && value <= PURGE_DELAY_MOST_MS;
  if (!isInRange && value !== Infinity) {
    throw new RangeError(`\`purgeDelay\` must be ${range}, got ${show(value)}`);
  }
  return value;
}

function bytes(name: string, value: unknown, least: number, most: number, multiple: number): number {
  const range = `an integer from ${least} to ${most}${multiple > 1 ? `, a multiple of ${multiple}` : ""} (bytes)`;
  if (typeof value !== "number") throw new TypeError(`\`${name}\` must be ${range}, got ${show(value)}`);
  if (!Number.isSafeInteger(value) || value < least || value > most || value % multiple !== 0) {
    throw new RangeError(`\`${name}\` must be ${range}, got ${show(value)}`);
  }
  return value;
}
