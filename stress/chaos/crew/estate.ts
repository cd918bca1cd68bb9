/**
 * What dead Workers left in doubt: at most one operation each, as their wills tell. It is kept until the next audit,
 * when nobody else works: then each of these blocks is settled and freed. All other blocks stay what they are.
 */
import type { BlockTable } from "../../oracle/block-table.ts";
import type { Shadow } from "../../oracle/shadow.ts";
import { type LastWill, NO_BLOCK, Stage } from "./will.ts";

export interface Estate {
  /** Blocks that must be in use, and are in no table. */
  readonly held: { readonly address: number; readonly size: number }[];
  /** Operations that were cut short inside the allocator. */
  readonly doubts: Doubt[];
}

export interface Doubt {
  /** A block that is in use or not, or is handed out again; 0 = none. */
  readonly oldAddress: number;
  /** Size of a block that may be in use without an address having arrived; NO_BLOCK = none. */
  readonly newSize: number;
  readonly owner: number;
}

export const createEstate = (): Estate => ({ held: [], doubts: [] });

/**
 * Adds what a will says, and takes its block out of the table. A block that is surely in use is marked in the shadow
 * map again, since its Worker may have died while it marked or cleared it: whoever gets its memory now is caught.
 */
export function inherit(estate: Estate, will: LastWill, blocks: BlockTable, shadow: Shadow): void {
  const { stage, oldAddress, oldSize, newAddress, newSize, owner } = will;
  if (stage === Stage.idle) return;
  blocks.address[will.block] = 0;
  const keep = (address: number, size: number) => {
    if (address === 0) return;
    shadow.mark(address, size);
    estate.held.push({ address, size });
  };
  if (stage === Stage.intended) keep(oldAddress, oldSize);
  else if (stage === Stage.returned) keep(newAddress, newSize === NO_BLOCK ? 0 : newSize);
  else estate.doubts.push({ oldAddress, newSize, owner });
}
