/**
 * The blocks of a trial with the oracle around them. A Worker may die in any call: then the table says what it held,
 * and the notes in `doubles` what it was doing. Only the first bytes of a payload carry a pattern; overlap is found by
 * the shadow map.
 */
import { Fault, hex } from "../oracle/fault.ts";
import { Pattern } from "../oracle/pattern.ts";
import { Shadow } from "../oracle/shadow.ts";
import type { Arena } from "./insides.ts";
import { type Activity, activities, activityWord, Doing, Double, type TrialMemory } from "./trial-memory.ts";

const PATTERN_BYTES = 1024;
/** Tags that follow from a block's number and from how often it was filled. */
const TAG_STEP = 7919;
const TAGS = 2 ** 18;

export class Ledger {
  private readonly shadow: Shadow;
  private readonly pattern: Pattern;
  private fillings = 0;

  /** `keepsNotes`: this Worker is the one that will die. */
  constructor(
    readonly memory: TrialMemory,
    private readonly seat: number,
    private readonly keepsNotes = false,
  ) {
    this.shadow = new Shadow(memory.shadow);
    this.pattern = new Pattern(memory.pattern);
  }

  /** Notes for the watchdog what comes next. */
  enter(activity: Activity): void {
    this.memory.words[activityWord(this.seat)] = activities.indexOf(activity);
  }

  holds(number: number): boolean {
    return this.memory.blocks.address[number] !== 0;
  }

  addressOf(number: number): number {
    return this.memory.blocks.address[number]!;
  }

  malloc(arena: Arena, number: number, size: number): void {
    this.enter("malloc");
    this.take(number, arena.malloc(size), size);
  }

  calloc(arena: Arena, number: number, size: number): void {
    this.enter("malloc");
    const address = arena.calloc(1, size);
    if (this.pattern.checkZero(address, size) !== null)
      throw new Fault("not-zero", `calloc of ${size} bytes`);
    this.take(number, address, size);
  }

  alignedAlloc(arena: Arena, number: number, alignment: number, size: number): void {
    this.enter("alignedAlloc");
    const address = arena.alignedAlloc(alignment, size);
    if (address % alignment !== 0) throw new Fault("misaligned", `${hex(address)}, asked for ${alignment}`);
    this.take(number, address, size);
  }

  realloc(arena: Arena, number: number, size: number): void {
    const { blocks } = this.memory;
    const kept = Math.min(blocks.size[number]!, size, PATTERN_BYTES);
    const tag = blocks.tag[number]!;
    const old = this.leave(number, Doing.realloc, kept);
    this.enter("realloc");
    let address: number;
    try {
      address = arena.realloc(old, size);
    } catch (error) {
      // It was refused: the old block is as it was.
      this.note(Doing.nothing, 0, 0, 0);
      this.take(number, old, blocks.size[number]!, tag);
      throw error;
    }
    this.note(Doing.nothing, 0, 0, 0);
    this.expect(address, kept, tag, "the block that realloc returned");
    this.take(number, address, size);
  }

  free(arena: Arena, number: number): void {
    const address = this.leave(number, Doing.free, 0);
    this.enter("free");
    arena.free(address);
    this.note(Doing.nothing, 0, 0, 0);
  }

  /** The block is somebody else's business from now on, who frees it by address. */
  forget(number: number): number {
    return this.leave(number, Doing.nothing, 0);
  }

  verify(number: number): void {
    const { address, size, tag } = this.memory.blocks;
    this.expect(address[number]!, Math.min(size[number]!, PATTERN_BYTES), tag[number]!, "a block");
  }

  /** Whether `byteLength` bytes at an address are the content with this tag. */
  isContent(address: number, byteLength: number, tag: number): boolean {
    return this.pattern.check(address, byteLength, tag) === null;
  }

  private take(number: number, address: number, size: number, tag = this.freshTag(number)): void {
    const held = this.shadow.mark(address, size);
    if (held !== 0)
      throw new Fault(
        "overlap",
        `the new block ${hex(address)} (${size} bytes) overlaps a live one at ${hex(held)}`,
      );
    const { blocks } = this.memory;
    this.pattern.write(address, Math.min(size, PATTERN_BYTES), tag);
    blocks.size[number] = size;
    blocks.tag[number] = tag;
    blocks.address[number] = address;
  }

  private leave(number: number, doing: number, kept: number): number {
    const { blocks } = this.memory;
    const address = blocks.address[number]!;
    this.verify(number);
    this.note(doing, address, kept, blocks.tag[number]!);
    blocks.address[number] = 0;
    const free = this.shadow.clear(address, blocks.size[number]!);
    if (free !== 0) throw new Fault("not-held", `${hex(address)} is not held at ${hex(free)}`);
    return address;
  }

  private note(doing: number, address: number, bytes: number, tag: number): void {
    if (!this.keepsNotes) return;
    const { doubles } = this.memory;
    doubles[Double.address] = address;
    doubles[Double.bytes] = bytes;
    doubles[Double.tag] = tag;
    doubles[Double.doing] = doing;
  }

  private expect(address: number, byteLength: number, tag: number, what: string): void {
    const wrong = this.pattern.check(address, byteLength, tag);
    if (wrong === null) return;
    throw new Fault(
      "content",
      `byte ${wrong.offset} of ${what} at ${hex(address)} is ${wrong.found} instead of ${wrong.expected}`,
    );
  }

  private freshTag(number: number): number {
    return (number * TAG_STEP + this.fillings++ * 31 + this.seat * 17) % TAGS;
  }
}
