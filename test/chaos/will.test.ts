/** Which blocks a death leaves in doubt, by the stage of the operation it cut short. */
import { expect, test } from "bun:test";
import { createEstate, inherit } from "../../stress/chaos/crew/estate.ts";
import { createWillMemory, NO_BLOCK, Will } from "../../stress/chaos/crew/will.ts";
import { createBlockTable } from "../../stress/oracle/block-table.ts";
import { createShadowMemory, Shadow } from "../../stress/oracle/shadow.ts";

const OLD = 0x10_0000;
const NEW = 0x20_0000;
const BYTES = 48;
const GRANULES = BYTES / 16;

function bequeath(act: (will: Will) => void) {
  const will = new Will(createWillMemory(2), 1);
  const blocks = createBlockTable(8);
  const shadow = new Shadow(createShadowMemory(16));
  blocks.address[5] = OLD;
  will.begin(77);
  act(will);
  const estate = createEstate();
  inherit(estate, will.read(), blocks, shadow);
  return { ...estate, row: blocks.address[5], held16: shadow.heldGranules() };
}

test("idle: nothing is in doubt, the table stands", () => {
  const { held, doubts, row } = bequeath((will) => {
    will.intend(5, OLD, BYTES);
    will.call(NO_BLOCK);
    will.arrive(0);
    will.fulfil();
  });
  expect({ held, doubts, row }).toEqual({ held: [], doubts: [], row: OLD });
});

test("intended: the old block is in use, and watched", () => {
  const { held, doubts, row, held16 } = bequeath((will) => will.intend(5, OLD, BYTES));
  expect(held).toEqual([{ address: OLD, size: BYTES }]);
  expect({ doubts, row, held16 }).toEqual({ doubts: [], row: 0, held16: GRANULES });
});

test("called: neither is known", () => {
  const { held, doubts, row, held16 } = bequeath((will) => {
    will.intend(5, OLD, BYTES);
    will.call(96);
  });
  expect(doubts).toEqual([{ oldAddress: OLD, newSize: 96, owner: 77 }]);
  expect({ held, row, held16 }).toEqual({ held: [], row: 0, held16: 0 });
});

test("returned: the new block is in use, the old one is not", () => {
  const { held, doubts } = bequeath((will) => {
    will.intend(5, OLD, BYTES);
    will.call(BYTES);
    will.arrive(NEW);
  });
  expect(held).toEqual([{ address: NEW, size: BYTES }]);
  expect(doubts).toEqual([]);
});

test("returned from free: nothing is left", () => {
  const { held, doubts, row } = bequeath((will) => {
    will.intend(5, OLD, BYTES);
    will.call(NO_BLOCK);
    will.arrive(0);
  });
  expect({ held, doubts, row }).toEqual({ held: [], doubts: [], row: 0 });
});
