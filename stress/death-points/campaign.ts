/** All trials of a command, one after the other. A trial that finds a fault costs its crew; the next gets a new one. */

import type { FaultReport } from "../crew/assignment.ts";
import { reportOf } from "../crew/report-fault.ts";
import { Crew } from "./crew.ts";
import type { Counted } from "./crew-orders.ts";
import { planTrials, stagesOf } from "./plan.ts";
import type { DeathPoint } from "./point.ts";
import { createVisits, type Survey, surveyTrial, type Unvisited, unvisited } from "./survey.ts";
import type { TestBuildFiles } from "./test-build.ts";
import { stages } from "./tour/index.ts";
import { runTrial, type Trial, type TrialResult } from "./trial.ts";
import { createTrialMemory, type TrialMemory } from "./trial-memory.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** For the deaths, after the survey; 0: until all trials are done. */
  readonly seconds: number;
  /** Only these points; none: all. */
  readonly points: readonly number[];
  readonly survivors: readonly number[];
  /** It ends when so many faults were found. */
  readonly mostFaults: number;
}

export interface Found {
  readonly trial: Trial;
  readonly fault: FaultReport;
}

export interface CampaignResult {
  readonly points: readonly DeathPoint[];
  readonly survey: Survey;
  readonly unvisited: Unvisited;
  /** Trials that were planned, and those that were made. */
  readonly planned: number;
  readonly made: readonly Trial[];
  /** Trials in which the victim came to its point. The others are later visits that did not happen this time. */
  readonly stopped: number;
  /** Tries of first visits that did not come about, and were repeated elsewhere. */
  readonly repeated: number;
  readonly longestWaitMs: number;
  readonly counted: Counted;
  readonly found: readonly Found[];
  readonly seconds: number;
}

/** How often a first visit is tried. */
const TRIES = 3;

export interface Observer {
  /** Before each trial, first those of the survey. */
  begins(trial: Trial, what: "surveys" | "deaths", done: number, planned: number): void;
  finds(found: Found): void;
}

export async function runCampaign(
  build: TestBuildFiles,
  options: CampaignOptions,
  observer: Observer,
): Promise<CampaignResult> {
  const { points } = build;
  const campaign = new Campaign(build, options, observer);
  const survey = await campaign.survey();
  const start = performance.now();
  const all = options.points.length === 0;
  const chosen = points.filter(({ number }) => all || options.points.includes(number));
  const trials = planTrials(survey, chosen, options.seed);
  const made: Trial[] = [];
  for (const trial of trials) {
    const isLate = options.seconds > 0 && performance.now() - start > options.seconds * 1000;
    if (isLate || campaign.hasEnough) break;
    observer.begins(trial, "deaths", made.length, trials.length);
    await campaign.kill(trial, survey);
    made.push(trial);
  }
  await campaign.end();
  const { stopped, repeated, longestWaitMs, counted, found } = campaign;
  return {
    points,
    survey,
    unvisited: unvisited(survey, points),
    planned: trials.length,
    made,
    stopped,
    repeated,
    longestWaitMs,
    counted,
    found,
    seconds: (performance.now() - start) / 1000,
  };
}

class Campaign {
  readonly found: Found[] = [];
  /** Victims that came to their point. */
  stopped = 0;
  repeated = 0;
  longestWaitMs = 0;
  counted: Counted = { takeovers: 0, rebuilds: 0, adoptions: 0 };
  private crew: Crew | undefined;
  private memory: TrialMemory | undefined;

  constructor(
    private readonly build: TestBuildFiles,
    private readonly options: CampaignOptions,
    private readonly observer: Observer,
  ) {}

  get hasEnough(): boolean {
    return this.found.length >= this.options.mostFaults;
  }

  /** Once through all stages. A stage with a fault has no visits from there on. */
  async survey(): Promise<Survey> {
    const survey = new Map<number, Int32Array[]>();
    for (const survivors of this.options.survivors) {
      const perStage = stages.map(() => createVisits(this.build.points.length));
      survey.set(survivors, perStage);
      for (const [stage, visits] of perStage.entries()) {
        if (this.hasEnough) break;
        const trial = surveyTrial(stage, survivors, this.options.seed);
        const done = (survey.size - 1) * stages.length + stage;
        this.observer.begins(trial, "surveys", done, this.options.survivors.length * stages.length);
        await this.attempt(trial, visits);
      }
    }
    return survey;
  }

  /**
   * A death. Where large blocks lie in their table depends on addresses that the system gives, so a first visit may not
   * come about: then it is tried in the other stages that have it.
   */
  async kill(trial: Trial, survey: Survey): Promise<void> {
    const places = stagesOf(survey, trial);
    for (let tries = 0; tries < TRIES; tries++) {
      const stage = places[tries % places.length]!;
      // A later visit need not come about.
      if ((await this.attempt({ ...trial, stage })) || trial.visit !== 1) return;
      this.repeated++;
    }
    this.report(trial, { kind: "crash", message: `the victim did not come to its point in ${TRIES} tries` });
  }

  /** Makes the trial; notes what came of it. False if the victim came to its end. */
  async attempt(trial: Trial, visits?: Int32Array): Promise<boolean> {
    try {
      if (this.crew === undefined) await this.renew();
      const result = await runTrial(this.crew!, this.memory!, trial, visits);
      this.note(result);
      return result.stopped;
    } catch (thrown) {
      this.report(trial, reportOf(thrown));
      await this.end();
      return true;
    }
  }

  private report(trial: Trial, fault: FaultReport): void {
    const found = { trial, fault };
    this.found.push(found);
    this.observer.finds(found);
  }

  private async renew(): Promise<void> {
    this.memory = createTrialMemory(this.options.seed);
    this.crew = await Crew.hire(this.build, this.memory);
  }

  async end(): Promise<void> {
    const { crew } = this;
    this.crew = undefined;
    await crew?.dismiss();
  }

  private note({ stopped, waitMs, counted }: TrialResult): void {
    if (stopped) this.stopped++;
    this.longestWaitMs = Math.max(this.longestWaitMs, waitMs);
    const { takeovers, rebuilds, adoptions } = this.counted;
    this.counted = {
      takeovers: takeovers + counted.takeovers,
      rebuilds: rebuilds + counted.rebuilds,
      adoptions: adoptions + counted.adoptions,
    };
  }
}
