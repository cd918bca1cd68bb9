/** The comparison of a heap with the table: what must be reported, and what a death explains. */
import { expect, test } from "bun:test";
import { Audit } from "../../stress/chaos/crew/audit.ts";
import { createEstate, type Doubt, type Estate } from "../../stress/chaos/crew/estate.ts";
import { createReference, openReference } from "../../stress/chaos/subjects/reference.ts";
import { createBlockTable } from "../../stress/oracle/block-table.ts";
import { createPatternMemory, Pattern } from "../../stress/oracle/pattern.ts";
import { createShadowMemory, Shadow } from "../../stress/oracle/shadow.ts";

const SIZE = 100;

/** All blocks belong to `owner`, 0 = the heap does not tell. */
function heapWithBlocks(count: number, owner = 0) {
  const { heap, ...reference } = openReference(createReference(64, "none"));
  const owned = () => [...heap.blocks()].map((block) => ({ ...block, owner }));
  const subject = { ...reference, heap: { ...heap, blocks: owned } };
  const blocks = createBlockTable(16);
  const pattern = new Pattern(createPatternMemory(1));
  const audit = new Audit(subject, new Shadow(createShadowMemory(16)), pattern, blocks);
  for (let row = 0; row < count; row++) {
    const address = subject.allocator.malloc(SIZE);
    pattern.write(address, SIZE, row);
    blocks.address[row] = address;
    blocks.size[row] = SIZE;
    blocks.tag[row] = row;
  }
  return { subject, blocks, audit };
}

const estateOf = (...doubts: Doubt[]): Estate => ({ ...createEstate(), doubts });

test("all known: no fault, the count is told", () => {
  const { audit } = heapWithBlocks(5);
  expect(audit.look(createEstate(), 0)).toMatchObject({ liveBlocks: 5, inFlight: 0 });
});

test("a block of the table that is not in use", () => {
  const { audit, subject, blocks } = heapWithBlocks(5);
  subject.allocator.free(blocks.address[3]!);
  expect(() => audit.look(createEstate(), 0)).toThrow(/block 3 at 0x[0-9a-f]+ \(100 bytes\) is not in use/);
});

test("a changed byte", () => {
  const { audit, blocks } = heapWithBlocks(5);
  blocks.tag[2] = 999;
  expect(() => audit.look(createEstate(), 0)).toThrow(/byte \d+ of block 2/);
});

test("a block of nobody: a fault without a death, freed and counted with one", () => {
  const lost = heapWithBlocks(2);
  lost.subject.allocator.malloc(SIZE);
  expect(() => lost.audit.look(createEstate(), 0)).toThrow("in use by nobody, and no death explains it");

  const { audit, subject } = heapWithBlocks(2);
  subject.allocator.malloc(SIZE);
  const estate = estateOf({ oldAddress: 0, newSize: SIZE, owner: 0 });
  expect(audit.look(estate, 0)).toMatchObject({ liveBlocks: 2, inFlight: 1 });
});

test("one death explains one new block, and not one that is too small", () => {
  const two = heapWithBlocks(0);
  two.subject.allocator.malloc(SIZE);
  two.subject.allocator.malloc(SIZE);
  const estate = estateOf({ oldAddress: 0, newSize: SIZE, owner: 0 });
  expect(() => two.audit.look(estate, 0)).toThrow("no death explains it");

  const small = heapWithBlocks(0);
  small.subject.allocator.malloc(SIZE);
  const larger = estateOf({ oldAddress: 0, newSize: 5000, owner: 0 });
  expect(() => small.audit.look(larger, 0)).toThrow("no death explains it");
});

test("a block whose owner is another than the dead one", () => {
  const { audit, subject } = heapWithBlocks(0, 7);
  subject.allocator.malloc(SIZE);
  const look = (owner: number) => audit.look(estateOf({ oldAddress: 0, newSize: SIZE, owner }), 0);
  expect(() => look(3)).toThrow("no death explains it");
  expect(look(7)).toMatchObject({ liveBlocks: 0, inFlight: 1 });
});

test("what a dead Worker held must be in use", () => {
  const { audit, blocks, subject } = heapWithBlocks(2);
  const address = blocks.address[1]!;
  blocks.address[1] = 0;
  const estate = { ...createEstate(), held: [{ address, size: SIZE }] };
  subject.allocator.free(address);
  expect(() => audit.look(estate, 0)).toThrow("which a dead Worker held, is not in use any more");
});
