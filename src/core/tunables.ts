/**
 * Every number somebody may want to change, with what it was chosen by. What follows from these numbers is
 * computed where it is used (`size-classes.ts`, `memory/layout.ts`), never repeated.
 */

/** Workers that can be attached to one arena at the same time (a header's slot field has 8 bits). */
export const SLOTS = 128;

/** Address space reserved for one window, in bytes, unless `reserve` says less: the most one view can cover. */
export const WINDOW_BYTES = 2 ** 32;

/** Windows one arena can open: 256 GiB in small blocks. */
export const WINDOWS = 64;

/** Requests above this many bytes get a mapping of their own (docs/runtime.md, "Large threshold"). */
export const LARGE_THRESHOLD_BYTES = 2 ** 26;

/** Requests of blocks with a header are rounded up to a size class up to so many bytes, and served exactly above. */
export const ROUNDED_BYTES = 2 ** 12;

/** Blocks that grow to at most so many bytes are copied between two lists: that costs less than the lock. */
export const COPIED_BYTES = 2 ** 16;
/** Before a block is moved to grow, so many kept blocks of a class are looked at for one that stands behind it. */
export const BEHIND_LOOKS = 256;

/** Largest request in bytes that spans serve (spans/): above it a header costs less than the rest of a span. */
export const SPAN_MOST_BYTES = 2 ** 10;
/**
 * A class has spans once a Worker has asked for so many blocks of it, of which one that its list did not have counts as so
 * many: of what is seldom needed, or little of it, sizes share pages of the heap.
 */
export const SPAN_AFTER_REQUESTS = 2 ** 8;
export const REFILL_REQUESTS = 2 ** 3;
/** Spans are runs of units of so many bytes, cut from segments of so many. */
export const UNIT_BYTES = 2 ** 12;
export const SEGMENT_BYTES = 2 ** 17;
/** A new span has one in so many of the bytes that its Worker has in that class, but at most so many units. */
export const SPAN_SHARE = 8;
export const SPAN_UNITS_MOST = 16;
/** A magazine holds so many bytes, but never less than the second or more than the third number of blocks. */
export const MAGAZINE_BYTES = 2 ** 14;
export const MAGAZINE_LEAST = 8;
export const MAGAZINE_MOST = 63;

/** Size classes are exact (one per granule) up to this many bytes; above, `CLASSES_PER_DOUBLING` bound the waste. */
export const EXACT_BYTES = 512;
export const CLASSES_PER_DOUBLING = 8;

/**
 * Freed blocks with a header are kept by their Worker in lists (worker/lists.ts). As long as the arena has had no other one at
 * the same time, nobody else could use them: they may have as many bytes as the arena has committed. Else all of a
 * Worker's together may have one in so many of the bytes that blocks with headers have, in use or kept. But no less than
 * the second number and no more than the third; of an arena with a limit, no more than one in so many of its bytes. One
 * block more, of any size, may be among them.
 */
export const KEPT_SHARE = 2;
export const KEPT_LEAST_BYTES = 2 ** 20;
export const KEPT_MOST_BYTES = 2 ** 23;
export const KEPT_LIMIT_SHARE = 64;
/** Blocks above so many bytes go back after the purge delay, and none is kept where the delay is 0. */
export const CACHE_SMALL_BYTES = 2 ** 12;
/** Blocks that one hold of the lock gives back, when more are kept than may be. */
export const FLUSH_MOST = 256;
/**
 * Blocks that a refill of a class brings: so many, if they have no more than so many bytes, or as many as were brought
 * already, shifted right by the third number, if they have no more than the last number of bytes.
 */
export const FIRST_BATCH = 4;
export const FIRST_BATCH_BYTES = 2 ** 11;
export const BATCH_SHIFT = 3;
export const BATCH_BYTES = 2 ** 14;
/**
 * One freed large block of the arena is kept if it has at most so many bytes (large/stock.ts). It serves a request that
 * leaves at most the request's size shifted right by the second number unused.
 */
export const STOCK_MOST_BYTES = 2 ** 28;
export const STOCK_SLACK_SHIFT = 3;
/**
 * A window grows only after what the asking Worker keeps was merged, one in so many of its bytes at a time but at least the
 * second number, as long as it is at least the third number and the window at most so many times as much. A little at a
 * time leaves a small heap without room for a block that grows: 256 steps of 64 bytes took 48 locks instead of 18.
 */
export const MERGED_SHARE = 4;
export const MERGED_LEAST_BYTES = 2 ** 20;
export const SPARE_LEAST_BYTES = 2 ** 14;
export const SPARE_SHARE = 16;

/** Memory is made accessible in steps that double from the first to the second number (bytes). */
export const COMMIT_FIRST_BYTES = 2 ** 18;
export const COMMIT_MOST_BYTES = 2 ** 26;

/** A window that grows beyond so many bytes asks for huge pages, and grows by whole ones. */
export const HUGE_FROM_BYTES = 2 ** 25;
/** Bytes of a huge page: of x64, and of arm64 with pages of 4 KiB. */
export const HUGE_PAGE_BYTES = 2 ** 21;

/** A part of a window that is skipped for an alignment, and has so many bytes, is kept from huge pages. */
export const SKIPPED_LEAST_BYTES = 2 ** 18;

/** Free memory is returned to the system when at least so many bytes were idle for so many milliseconds (`purgeDelay`). */
export const PURGE_BYTES = 2 ** 20;
export const PURGE_DELAY_MS = 200;
/** Idle memory is looked for in steps of half the delay, but of so many milliseconds at the most. */
export const PURGE_LOOK_MOST_MS = 250;
/** Where much is idle in pages that are partly in use, a look is due again after so many milliseconds if anything was freed. */
export const PURGE_RECHECK_MS = 500;
/** What the system refused to take back is tried again after so many milliseconds. */
export const PURGE_RETRY_MS = 5000;
/** System calls of a look in one hold of the lock. */
export const PURGE_CALLS_MOST = 512;
/** Longest delay in milliseconds that `purgeDelay` takes: a day. */
export const PURGE_DELAY_MOST_MS = 86_400_000;
/** An attached Worker whose event loop runs looks every so many milliseconds whether somebody else left memory idle. */
export const WATCH_MS = 400;
/** A timer that is so many milliseconds late is not waited for: the event loop does not run, or a test has replaced its clock. */
export const TIMER_LATE_MS = 50;

/**
 * An arena ends the mapping of a freed large block only while it has at most the first share (one in so many) of the
 * mappings a process can have, and parked ones, in the order of addresses, up to the second.
 */
export const MAPPINGS_SHARE = 8;
export const PARKED_SHARE = 4;

/**
 * Waiting for the lock: busy turns, then turns of `sched_yield`, then sleeps of so many milliseconds. Where each Worker can
 * have a core, so that the owner is at work, the busy turns are as long as several holds of the lock; on one core there are
 * none.
 */
export const LOCK_SPINS = 64;
export const LOCK_SPINS_BESIDE = 512;
export const LOCK_YIELDS = 32;
export const LOCK_PARK_MS = 10;

/** Largest alignment in bytes that `alignedAlloc` takes. */
export const ALIGNMENT_MOST_BYTES = 2 ** 30;
