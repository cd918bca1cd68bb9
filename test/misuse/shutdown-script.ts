/** Two Workers allocate, main ends the process: `bun shutdown-script.ts MILLISECONDS`. Exit code 7. */
import { Arena } from "../../src/index.ts";
import { Hand } from "./crew.ts";
import { churn, TASKS } from "./worker-tasks.ts";

const arena = new Arena();
for (let i = 0; i < 2; i++) {
  const hand = await Hand.hire(TASKS);
  hand.start(churn, { handle: arena.handle, signal: new SharedArrayBuffer(4) });
}
await Bun.sleep(Number(process.argv[2]));
process.exit(7);
