/** All chaos modes: `bun run stress --chaos NAME`. */
import { deathPoint } from "../death-points/mode.ts";
import type { ChaosMode } from "./mode.ts";
import { pause } from "./pause/mode.ts";
import { refuse } from "./refuse/mode.ts";
import { terminate } from "./terminate/mode.ts";

export const chaosModes: readonly ChaosMode[] = [terminate, deathPoint, refuse, pause];

export function findChaosMode(name: string): ChaosMode {
  const found = chaosModes.find((mode) => mode.name === name);
  if (found === undefined)
    throw new RangeError(`\`name\` is ${JSON.stringify(name)}, which is no chaos mode`);
  return found;
}
