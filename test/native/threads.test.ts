import { afterEach, describe, expect, test } from "bun:test";
import { nativePlatform } from "../../native/index.ts";
import { startTicks } from "../../native/threads-linux.ts";
import type { Address, ThreadId } from "../../src/core/types.ts";
import type { Command, Report } from "./thread-worker.ts";

const { pages, threads } = nativePlatform();
const MAX_PID = 2 ** 22; // PID_MAX_LIMIT of <linux/threads.h>: no thread has this number

const started: Worker[] = [];
function startWorker(): Worker {
  const worker = new Worker(new URL("./thread-worker.ts", import.meta.url).href);
  started.push(worker);
  return worker;
}
afterEach(() => {
  for (const worker of started.splice(0)) worker.terminate();
});

function nextMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

function ask<T>(worker: Worker, command: Command): Promise<T> {
  const answer = nextMessage<T>(worker);
  worker.postMessage(command);
  return answer;
}

async function waitUntilDead(thread: ThreadId, limitMs: number): Promise<void> {
  const until = threads.now() + limitMs;
  while (threads.isAlive(thread) && threads.now() < until) await Bun.sleep(1);
}

/** A page whose first word can be parked on. */
function sharedWord(): { address: Address; word: Int32Array } {
  const address = pages.map(pages.pageSize, 0) as Address;
  return { address, word: pages.words(address, pages.pageSize) };
}

describe("threads", () => {
  test("current-thread: alive, of this process, and with a start time", () => {
    const thread = threads.current();
    expect(threads.current()).toBe(thread);
    expect(threads.processId()).toBe(process.pid);
    expect(threads.isAlive(thread)).toBe(true);
    expect(threads.startTime(thread)).toBeGreaterThan(0);
    expect(threads.startTime(thread)).toBeLessThan(2 ** 31);
  });

  test("no-such-thread: not alive, no start time", () => {
    for (const id of [0, -1, MAX_PID] as ThreadId[]) {
      expect(threads.isAlive(id)).toBe(false);
      expect(threads.startTime(id)).toBe(0);
    }
  });

  test("a thread of another process is not alive here", () => {
    expect(threads.isAlive(1 as ThreadId)).toBe(process.pid === 1);
  });

  test("another-worker: its own thread, the same process and clock", async () => {
    const worker = startWorker();
    const before = threads.now();
    const report = await ask<Report>(worker, { kind: "report" });
    expect(report.thread).not.toBe(threads.current());
    expect(report.process).toBe(threads.processId());
    expect(report.startTime).toBe(threads.startTime(report.thread as ThreadId));
    expect(report.startTime).toBeGreaterThanOrEqual(threads.startTime(threads.current()));
    expect(report.now).toBeGreaterThan(before);
    expect(report.now).toBeLessThan(threads.now());
  });

  test("terminated-worker: dead within a second, without a start time", async () => {
    const worker = startWorker();
    const { thread } = await ask<Report>(worker, { kind: "report" });
    expect(threads.isAlive(thread as ThreadId)).toBe(true);
    worker.terminate();
    await waitUntilDead(thread as ThreadId, 1000);
    expect(threads.isAlive(thread as ThreadId)).toBe(false);
    expect(threads.startTime(thread as ThreadId)).toBe(0);
  });

  test("park-other-value: returns at once", () => {
    const { address, word } = sharedWord();
    word[0] = 2;
    const from = threads.now();
    threads.park(address, 1, 10_000);
    expect(threads.now() - from).toBeLessThan(1000);
  });

  test("park-timeout: returns when the time is over, negative words included", () => {
    const { address, word } = sharedWord();
    word[0] = -5;
    const from = threads.now();
    threads.park(address, -5, 30.5);
    const tookMs = threads.now() - from;
    expect(tookMs).toBeGreaterThanOrEqual(30);
    expect(tookMs).toBeLessThan(1000);
  });

  test("park-no-time: 0, negative and NaN return at once", () => {
    const { address } = sharedWord();
    const from = threads.now();
    for (const timeoutMs of [0, -1, Number.NaN]) threads.park(address, 0, timeoutMs);
    expect(threads.now() - from).toBeLessThan(1000);
  });

  test("unpark: wakes a Worker long before its time is over", async () => {
    const { address } = sharedWord();
    const worker = startWorker();
    await ask<string>(worker, { kind: "park", address, expected: 0, timeoutMs: 30_000 });
    const woken = nextMessage<number>(worker);
    // It says that it parks a moment before it does.
    const again = setInterval(() => threads.unpark(address, 1), 5);
    expect(await woken).toBeLessThan(10_000);
    clearInterval(again);
  });

  test("terminated-while-parked: the Worker dies at once and the code after park does not run", async () => {
    const { address } = sharedWord();
    const worker = startWorker();
    const { thread } = await ask<Report>(worker, { kind: "report" });
    await ask<string>(worker, { kind: "park", address, expected: 0, timeoutMs: 30_000 });
    await Bun.sleep(50);
    let woken = false;
    worker.onmessage = () => {
      woken = true;
    };
    worker.terminate();
    await waitUntilDead(thread as ThreadId, 5000);
    expect(threads.isAlive(thread as ThreadId)).toBe(false);
    expect(woken).toBe(false);
  });

  test("unpark: nobody waits", () => {
    threads.unpark(sharedWord().address, 1);
  });

  test("the clock does not go back", () => {
    let last = threads.now();
    for (let i = 0; i < 10_000; i++) {
      const now = threads.now();
      expect(now >= last).toBe(true);
      last = now;
    }
    threads.yield();
  });
});

describe("start time in a line of /proc", () => {
  const numbers = Array.from({ length: 49 }, (_, i) => i + 4); // fields 4 to 52
  const ticks = (line: string) => {
    const bytes = new TextEncoder().encode(line);
    return startTicks(bytes, bytes.length);
  };

  test("is field 22", () => {
    expect(ticks(`1 (bun) S ${numbers.join(" ")}\n`)).toBe(22);
  });

  test("hostile-name: spaces and parentheses in the thread's name are no fields", () => {
    expect(ticks(`1 (a) (b 1 2 3) ) S ${numbers.join(" ")}\n`)).toBe(22);
  });

  test("cut-line: too few fields give 0", () => {
    expect(ticks("1 (bun) S 4 5 6")).toBe(0);
  });
});
