/** The Worker of crew.ts: says which thread it is, then runs what it is told. */
import { nativePlatform } from "../../native/index.ts";
import type { Answer, Order } from "./crew.ts";

declare const self: Worker;

const answer = (message: Answer) => self.postMessage(message);

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  try {
    const tasks = await import(data.module);
    answer({ value: await tasks[data.task](data.input) });
  } catch (error) {
    const { name, code, message, stack } = error as Error & { code?: string };
    const detail = code === undefined ? `${message}\n${stack}` : message;
    answer({ failure: { name, ...(typeof code === "string" && { code }), message: detail } });
  }
};

answer({ thread: nativePlatform().threads.current() });
