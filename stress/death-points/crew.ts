/** The Workers of all trials: survivors and a newcomer that stay, and victims, made ahead of time. */
import type { Load } from "./crew-orders.ts";
import { Hand } from "./hand.ts";
import type { TestBuildFiles } from "./test-build.ts";
import { MOST_SURVIVORS, NEWCOMER, type TrialMemory, VICTIM } from "./trial-memory.ts";

/** Victims that wait for their turn. */
const POOL = 2;

export class Crew {
  private readonly victims: Promise<Hand>[] = [];
  /** Of the trial that is on, or was the last: a trial that finds a fault may end before its victim does. */
  private current: Hand | undefined;

  private constructor(
    readonly survivors: readonly Hand[],
    readonly newcomer: Hand,
    private readonly hireVictim: () => Promise<Hand>,
  ) {}

  static async hire({ library, victim, points }: TestBuildFiles, memory: TrialMemory): Promise<Crew> {
    // Under the lock, whatever the arena holds.
    const hold = points.find(({ within, kind }) => within === "collectStats" && kind === "entry")!;
    const load = (seat: number): Load => ({ do: "load", library, memory, seat, holdPoint: hold.number });
    const survivor = (seat: number) => Hand.hire(new URL("./survivor.ts", import.meta.url), load(seat));
    const seats = Array.from({ length: MOST_SURVIVORS }, (_, seat) => seat);
    const survivors = await Promise.all(seats.map(survivor));
    return new Crew(survivors, await survivor(NEWCOMER), () => Hand.hire(victim, load(VICTIM)));
  }

  async victim(): Promise<Hand> {
    while (this.victims.length <= POOL) this.victims.push(this.hireVictim());
    this.current = await this.victims.shift()!;
    return this.current;
  }

  async dismiss(): Promise<void> {
    const hired = await Promise.allSettled(this.victims);
    const victims = hired.flatMap((victim) => (victim.status === "fulfilled" ? [victim.value] : []));
    if (this.current !== undefined) victims.push(this.current);
    await Promise.all([...this.survivors, this.newcomer, ...victims].map((hand) => hand.terminate()));
  }
}
