/**
 * Registry of large blocks: a hash table in a mapping of its own, so that an arena without large blocks pays
 * nothing and the table can grow.
 *
 * Four doubles an entry: payload address (0 = empty, negative = that block was removed), bytes of the mapping,
 * bytes requested, and (offset of the payload in the mapping x 2 + busy) x 256 + slot. Busy = the slot's Worker is
 * moving the block elsewhere; nobody else finds it then (resize.ts). The slot PARKED marks a mapping without a
 * block (parking.ts), which only `parked` and `wasRemoved` tell. The address is stored last
 * and negated by one store, so a death leaves an entry that is whole or absent. Entry 0 is the table's own: its
 * capacity in entries, how many entries are not empty, and address and bytes of the table that it replaces.
 *
 * Open addressing with linear probing; at most three quarters of the entries are not empty. The table is renewed
 * by filling a new mapping and storing its address in the control block with one store (passage.ts).
 */
import type { Address } from "../core/types.ts";
import type { Control } from "../memory/control.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { PageSource } from "../platform/platform.ts";
import type { Passage } from "./passage.ts";

const ENTRY_DOUBLES = 4;
const ENTRY_BYTES = ENTRY_DOUBLES * 8;
const USED = 1;
const FORMER = 2;
const FORMER_BYTES = 3;
/** In place of a slot. */
const PARKED = 255;
/** Entries that are looked at for a parked mapping. */
const PARKED_PROBES = 64;

export interface LargeBlock {
  readonly address: number;
  readonly mappedBytes: number;
  readonly requestedBytes: number;
  /** Bytes from the start of the mapping to the payload. */
  readonly offset: number;
  readonly slot: number;
  readonly busy: boolean;
}

export class LargeTable {
  /** Entry behind the parked one that was found last. */
  private rover = 1;
  private view: Float64Array = new Float64Array(0);
  private viewAddress = 0;

  /** What the methods use is held, since they are called with the lock. */
  constructor(
    private readonly control: Held<Control>,
    private readonly pages: PageSource,
    private readonly passage: Held<Passage>,
  ) {}

  /** Makes room for one more entry, or several. Returns a refusal as -errno. */
  reserveEntry(this: Held<LargeTable>, count = 1): number {
    const table = this.table();
    const capacity = this.capacity(table);
    if (capacity === 0) return this.renew(table, this.pages.pageSize / ENTRY_BYTES);
    if ((table[USED]! + 1 + count) * 4 <= capacity * 3) return 0;
    const { doubles } = this.control;
    const entries = doubles[ControlDouble.largeBlocks]! + doubles[ControlDouble.parkedBlocks]!;
    return this.renew(table, entries * 4 > capacity ? capacity * 2 : capacity);
  }

  /** Files a block. `reserveEntry` made the room. */
  insert(this: Held<LargeTable>, block: LargeBlock): void {
    this.place(this.table(), block);
    this.control.add(ControlDouble.largeBlocks, 1);
    this.control.add(ControlDouble.largeBytes, block.mappedBytes);
  }

  /** Files a mapping without a block, of which a freed block's payload began at `offset`. */
  insertParked(this: Held<LargeTable>, mapping: number, mappedBytes: number, offset: number): void {
    const address = mapping + offset;
    this.place(this.table(), { address, mappedBytes, requestedBytes: 0, offset, slot: PARKED, busy: false });
    this.control.add(ControlDouble.parkedBlocks, 1);
  }

  /** The block is freed, its mapping stays. */
  park(this: Held<LargeTable>, block: LargeBlock): void {
    this.mark(block, false, PARKED);
    this.control.add(ControlDouble.largeBlocks, -1);
    this.control.add(ControlDouble.largeBytes, -block.mappedBytes);
    this.control.add(ControlDouble.parkedBlocks, 1);
  }

  /** A parked mapping becomes a block, which is busy until its seal is written. */
  unpark(this: Held<LargeTable>, block: LargeBlock): void {
    const table = this.table();
    table[this.indexOf(table, block.address) * ENTRY_DOUBLES + 2] = block.requestedBytes;
    this.mark(block, true, block.slot);
    this.control.add(ControlDouble.parkedBlocks, -1);
    this.control.add(ControlDouble.largeBlocks, 1);
    this.control.add(ControlDouble.largeBytes, block.mappedBytes);
  }

  /** One of the next few parked mappings that has this size, and this place for the payload. */
  findParked(this: Held<LargeTable>, mappedBytes: number, offset: number): LargeBlock | undefined {
    const table = this.table();
    const capacity = this.capacity(table);
    if (capacity === 0 || this.control.doubles[ControlDouble.parkedBlocks] === 0) return undefined;
    const info = packInfo(offset, false, PARKED);
    for (let probes = Math.min(PARKED_PROBES, capacity); probes > 0; probes--) {
      if (this.rover >= capacity) this.rover = 1;
      const at = this.rover++ * ENTRY_DOUBLES;
      const fits = table[at]! > 0 && table[at + 1] === mappedBytes && table[at + 3] === info;
      if (fits) return entryAt(table, at / ENTRY_DOUBLES);
    }
    return undefined;
  }

  /** The block at `address`, unless it is busy. */
  find(this: Held<LargeTable>, address: number): LargeBlock | undefined {
    const block = this.lookUp(address);
    return block?.busy === true ? undefined : block;
  }

  /** The block at `address`, busy or not. */
  lookUp(this: Held<LargeTable>, address: number): LargeBlock | undefined {
    const table = this.table();
    const index = this.indexOf(table, address);
    const block = index === 0 ? undefined : entryAt(table, index);
    return block === undefined || isParked(block) ? undefined : block;
  }

  /** Gives the entry of a block new figures. Its address stays. */
  replace(this: Held<LargeTable>, block: LargeBlock): void {
    const table = this.table();
    const at = this.indexOf(table, block.address) * ENTRY_DOUBLES;
    const info = packInfo(block.offset, block.busy, block.slot);
    const more = block.mappedBytes - table[at + 1]!;
    // Straight-line from the mark "busy" on: a death never leaves new figures without it.
    table[at + 3] = info;
    table[at + 1] = block.mappedBytes;
    table[at + 2] = block.requestedBytes;
    this.control.add(ControlDouble.largeBytes, more);
  }

  /** Marks a block as busy or not, for a slot. */
  mark(this: Held<LargeTable>, block: LargeBlock, busy: boolean, slot: number): void {
    const table = this.table();
    table[this.indexOf(table, block.address) * ENTRY_DOUBLES + 3] = packInfo(block.offset, busy, slot);
  }

  /** Takes a block or a parked mapping out. The caller unmaps it. */
  remove(this: Held<LargeTable>, block: LargeBlock): void {
    const table = this.table();
    const index = this.indexOf(table, block.address);
    if (index === 0) return;
    table[index * ENTRY_DOUBLES] = -block.address;
    if (isParked(block)) {
      this.control.add(ControlDouble.parkedBlocks, -1);
      return;
    }
    this.control.add(ControlDouble.largeBlocks, -1);
    this.control.add(ControlDouble.largeBytes, -block.mappedBytes);
  }

  /** Whether a block at this address was freed, as far as the table remembers. */
  wasRemoved(this: Held<LargeTable>, address: number): boolean {
    const table = this.table();
    if (this.indexOf(table, -address) !== 0) return true;
    const index = this.indexOf(table, address);
    return index !== 0 && isParked(entryAt(table, index));
  }

  /** The blocks. */
  *entries(this: Held<LargeTable>): Iterable<LargeBlock> {
    for (const block of this.all()) if (!isParked(block)) yield block;
  }

  /** The mappings without a block. */
  *parked(this: Held<LargeTable>): Iterable<LargeBlock> {
    for (const block of this.all()) if (isParked(block)) yield block;
  }

  /** Every mapping that is registered. */
  *all(this: Held<LargeTable>): Iterable<LargeBlock> {
    const table = this.table();
    for (let index = 1; index < this.capacity(table); index++) {
      if (table[index * ENTRY_DOUBLES]! > 0) yield entryAt(table, index);
    }
  }

  /** Sets the counters from the entries. After a death. */
  recount(this: Held<LargeTable>): void {
    let blocks = 0;
    let parked = 0;
    let bytes = 0;
    for (const block of this.all()) {
      if (isParked(block)) {
        parked++;
        continue;
      }
      blocks++;
      bytes += block.mappedBytes;
    }
    const { doubles } = this.control;
    doubles[ControlDouble.largeBlocks] = blocks;
    doubles[ControlDouble.largeBytes] = bytes;
    doubles[ControlDouble.parkedBlocks] = parked;
  }

  /** Unmaps the table itself. The blocks must be gone. */
  dispose(this: Held<LargeTable>): void {
    const table = this.table();
    const capacity = this.capacity(table);
    if (capacity === 0) return;
    table[FORMER] = 0;
    this.passage.note(this.viewAddress, capacity * ENTRY_BYTES);
    this.control.doubles[ControlDouble.largeTable] = 0;
    this.table();
    this.passage.end();
  }

  /** Ends the table that the present one replaces, if it is there. */
  endFormer(this: Held<LargeTable>): void {
    const table = this.table();
    const former = table[FORMER]!;
    if (former === 0) {
      this.passage.arrived();
      return;
    }
    const bytes = table[FORMER_BYTES]!;
    this.passage.note(former, bytes);
    table[FORMER] = 0;
    // A table that has just grown has room.
    if (!this.passage.end()) this.insertParked(former, bytes, 0);
  }

  private capacity(table: Float64Array): number {
    return table.length === 0 ? 0 : table[0]!;
  }

  /** The present table; another Worker may have replaced it since the last call. */
  private table(this: Held<LargeTable>): Float64Array {
    const address = this.control.doubles[ControlDouble.largeTable]!;
    if (address === this.viewAddress && this.view.length === this.capacity(this.view) * ENTRY_DOUBLES)
      return this.view;
    this.viewAddress = address;
    if (address === 0) {
      this.view = new Float64Array(0);
    } else {
      const head = doublesAt(this.pages, address, ENTRY_BYTES);
      this.view = doublesAt(this.pages, address, head[0]! * ENTRY_BYTES);
    }
    return this.view;
  }

  private renew(this: Held<LargeTable>, old: Float64Array, capacity: number): number {
    const bytes = capacity * ENTRY_BYTES;
    const address = this.pages.map(bytes, 0);
    if (address < 0) return address;
    this.passage.note(address, bytes);
    const fresh = doublesAt(this.pages, address, bytes);
    fresh[0] = capacity;
    fresh[FORMER] = this.viewAddress;
    fresh[FORMER_BYTES] = this.capacity(old) * ENTRY_BYTES;
    for (const block of this.all()) this.place(fresh, block);
    this.control.doubles[ControlDouble.largeTable] = address;
    this.view = fresh;
    this.viewAddress = address;
    this.endFormer();
    return 0;
  }

  private place(table: Float64Array, block: LargeBlock): void {
    const capacity = this.capacity(table);
    let index = home(block.address, capacity);
    while (table[index * ENTRY_DOUBLES]! > 0) index = step(index, capacity);
    const at = index * ENTRY_DOUBLES;
    if (table[at] === 0) table[USED] = table[USED]! + 1;
    table[at + 1] = block.mappedBytes;
    table[at + 2] = block.requestedBytes;
    table[at + 3] = packInfo(block.offset, block.busy, block.slot);
    table[at] = block.address;
  }

  private indexOf(table: Float64Array, address: number): number {
    const capacity = this.capacity(table);
    if (capacity === 0) return 0;
    let index = home(Math.abs(address), capacity);
    for (let turns = capacity; turns > 0; turns--) {
      const found = table[index * ENTRY_DOUBLES]!;
      if (found === address) return index;
      if (found === 0) return 0;
      index = step(index, capacity);
    }
    return 0;
  }
}

function doublesAt(pages: PageSource, address: number, byteLength: number): Float64Array {
  const words = pages.words(address as Address, byteLength);
  return new Float64Array(words.buffer, words.byteOffset, words.length >>> 1);
}

function entryAt(table: Float64Array, index: number): LargeBlock {
  const at = index * ENTRY_DOUBLES;
  const info = table[at + 3]!;
  return {
    address: table[at]!,
    mappedBytes: table[at + 1]!,
    requestedBytes: table[at + 2]!,
    offset: Math.floor(info / 512),
    slot: info % 256,
    busy: Math.floor(info / 256) % 2 === 1,
  };
}

function isParked(block: LargeBlock): boolean {
  return block.slot === PARKED;
}

function packInfo(offset: number, busy: boolean, slot: number): number {
  return (offset * 2 + (busy ? 1 : 0)) * 256 + slot;
}

/** Entry where the search for an address begins: 1 to capacity - 1. Mappings differ from the page number up. */
function home(address: number, capacity: number): number {
  return ((Math.imul(Math.floor(address / 4096) | 0, 0x9e3779b1) >>> 8) % (capacity - 1)) + 1;
}

function step(index: number, capacity: number): number {
  return index + 1 === capacity ? 1 : index + 1;
}
