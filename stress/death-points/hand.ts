/** One Worker as the main thread sees it: an order, an answer, and at last its end. */

import { within } from "../crew/within.ts";
import { Fault } from "../oracle/fault.ts";
import type { Answer, Load, Order } from "./crew-orders.ts";

/** How long anything that is not limited otherwise may take. */
export const PATIENCE_MS = 10_000;

export class Hand {
  private readonly worker: Worker;
  private readonly closed: Promise<void>;
  private answered: (answer: Answer) => void = () => {};
  private waiting: Promise<Answer> | undefined;

  private constructor(script: string | URL) {
    this.worker = new Worker(script);
    this.worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.answered(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.answered({ type: "fault", fault: { kind: "crash", message: event.message } });
    });
    this.closed = new Promise((resolve) => this.worker.addEventListener("close", () => resolve()));
  }

  static async hire(script: string | URL, load: Load): Promise<Hand> {
    const hand = new Hand(script);
    hand.order(load);
    try {
      await hand.answer();
    } catch (thrown) {
      await hand.terminate();
      throw thrown;
    }
    return hand;
  }

  order(order: Order): void {
    this.waiting = new Promise((resolve) => {
      this.answered = resolve;
    });
    this.worker.postMessage(order);
  }

  /** The answer to the last order. Throws the Fault that it tells, or "hang". */
  async answer(): Promise<Answer> {
    if (!(await within(this.waiting!, PATIENCE_MS)))
      throw new Fault("hang", `no answer within ${PATIENCE_MS} ms`);
    const answer = await this.waiting!;
    if (answer.type === "fault") throw new Fault(answer.fault.kind, answer.fault.message);
    return answer;
  }

  async ask(order: Order): Promise<Answer> {
    this.order(order);
    return await this.answer();
  }

  /** Resolves when the Worker has come to its end. */
  async terminate(): Promise<void> {
    this.worker.terminate();
    if (!(await within(this.closed, PATIENCE_MS)))
      throw new Fault("hang", "a terminated Worker does not end");
  }
}
