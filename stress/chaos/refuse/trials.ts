/** All trials of one workload on one or more Workers: each system call is refused in turn. */
import type { FaultReport, OracleMemory } from "../../crew/assignment.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { within } from "../../crew/within.ts";
import { Fault } from "../../oracle/fault.ts";
import { deriveSeed } from "../../random.ts";
import type { Recording } from "../../recordings/recording.ts";
import { type Progress, showProgress } from "../../report/progress.ts";
import {
  callsOf,
  createTrouble,
  refuse,
  refuseNothing,
  type Trouble,
  type TroublePlant,
} from "../subjects/trouble.ts";
import { findChaosWorkload } from "../workloads/catalogue.ts";
import { type Exercise, turnsOf } from "./exercise.ts";
import type { TrialOrder, TrialReply } from "./trial-worker.ts";

const FOR_EVER = 2 ** 31 - 1;

export interface TrialSetup {
  readonly label: string;
  readonly workload: string;
  readonly recording: Recording | undefined;
  readonly workers: number;
  readonly seed: number;
  readonly oracle: OracleMemory;
  readonly plant: TroublePlant;
  readonly patienceMs: number;
}

export interface TrialRow {
  readonly label: string;
  readonly workers: number;
  /** System calls of the undisturbed workload, from making the arena on. */
  calls: number;
  trials: number;
  /** Typed errors that the Workers got. */
  errors: number;
  fault: FaultReport | null;
}

/** Never throws a fault: it is part of the row. */
export async function tryAllCalls(setup: TrialSetup): Promise<TrialRow> {
  const { label, workers } = setup;
  const row: TrialRow = { label, workers, calls: 0, trials: 0, errors: 0, fault: null };
  const crew = new TrialCrew(setup);
  let n = 0;
  let mode = "nothing refused";
  let progress: Progress | undefined;
  try {
    row.calls = (await crew.attempt(0, 0)).calls;
    progress = showProgress(`${label}, ${workers} Workers`, 2 * row.calls, "refusals");
    for (n = 0; n < row.calls; n++) {
      for (mode of ["once", "from then on"]) {
        row.errors += (await crew.attempt(n, mode === "once" ? n + 1 : FOR_EVER)).errors;
        row.trials++;
        progress.update(row.trials, () => `${row.errors} errors`);
      }
    }
  } catch (thrown) {
    const { kind, message } = reportOf(thrown);
    row.fault = { kind, message: `call ${n} of ${row.calls}, ${mode}: ${message}` };
  } finally {
    progress?.end();
    crew.dismiss();
  }
  return row;
}

class TrialCrew {
  private readonly workers: Worker[];
  private readonly trouble: Trouble;

  constructor(private readonly setup: TrialSetup) {
    this.trouble = createTrouble(setup.plant);
    const script = new URL("./trial-worker.ts", import.meta.url);
    this.workers = Array.from({ length: setup.workers }, () => new Worker(script));
  }

  /** The whole workload with the calls `from` to before `to` refused, then once more with full service. */
  async attempt(from: number, to: number): Promise<{ calls: number; errors: number }> {
    const { trouble, setup } = this;
    const [first, ...others] = this.workers.keys();
    const shared = findChaosWorkload(setup.workload).prepare(setup);
    refuse(trouble, from, to);
    let errors = 0;
    let address = await this.tell(first!, { do: "create", trouble });
    if (address === 0) {
      errors++;
      refuseNothing(trouble);
      address = await this.tell(first!, { do: "create", trouble });
      if (address === 0) throw new Fault("refused", "no arena although nothing is refused any more");
    }
    for (const worker of others) await this.tell(worker, { do: "attach", trouble, address });
    const refused = await this.all("prepare", shared);
    const calls = callsOf(trouble);
    refuseNothing(trouble);
    await this.tell(first!, { do: "audit" });
    const after = await this.all("repeat", shared);
    if (after > refused)
      throw new Fault("refused", `${after - refused} requests although nothing is refused any more`);
    for (const worker of others) await this.tell(worker, { do: "leave" });
    await this.tell(first!, { do: "end" });
    return { calls, errors: errors + refused };
  }

  dismiss(): void {
    for (const worker of this.workers) worker.terminate();
  }

  /** Gives all Workers their parts, one after the other, and lets them work at once. Returns the refusals so far. */
  private async all(order: "prepare" | "repeat", shared: Exercise["shared"]): Promise<number> {
    const { workload, workers, oracle, seed } = this.setup;
    const turns = turnsOf[workload]!;
    const over = new Int32Array(new SharedArrayBuffer(4));
    for (const worker of this.workers.keys()) {
      const part = {
        workload,
        shared,
        worker,
        workers,
        seed: deriveSeed(seed, order, worker),
        turns,
        oracle,
        over,
      };
      await this.tell(worker, { do: order, part });
    }
    const seats = [...this.workers.keys()];
    const refusals = await Promise.all(seats.map((worker) => this.tell(worker, { do: "work" })));
    return refusals.reduce((sum, count) => sum + count, 0);
  }

  private async tell(worker: number, order: TrialOrder): Promise<number> {
    const target = this.workers[worker]!;
    const reply = new Promise<TrialReply>((resolve) => {
      target.onmessage = ({ data }: MessageEvent<TrialReply>) => resolve(data);
      target.onerror = ({ message }) => resolve({ type: "fault", fault: { kind: "crash", message } });
    });
    target.postMessage(order);
    if (!(await within(reply, this.setup.patienceMs)))
      throw new Fault("hang", `Worker ${worker} hangs in ${order.do}`);
    const answer = await reply;
    if (answer.type === "fault")
      throw new Fault(answer.fault.kind, `Worker ${worker}: ${answer.fault.message}`);
    return answer.value;
  }
}
