/**
 * A heap so simple that a death can do nothing to it: places of 1 KiB, one bit each, taken and given back by one
 * `Atomics` operation. It shows what ended Workers leave in the runtime whatever the allocator, and it carries the
 * faults that prove that the modes see what they claim to see.
 */
import { addressOf, fillMemory } from "../../../native/raw-memory.ts";
import { systemMalloc } from "../../../native/system-malloc.ts";
import type { Allocator } from "../../allocators/allocator.ts";
import type { InspectedBlock, Subject } from "./subject.ts";

const PLACE_BYTES = 1024;
const CALLS = 0;
const LOCK = 1;
const HEAD_WORDS = 2;

/** Planted faults. */
export const referencePlants = {
  forgets: "every 5000th malloc gives back a block that is in use",
  keeps: "every 500th malloc takes a second block for nobody",
  locks: "malloc has a lock that a death leaves held",
  hoards: "each Worker leaves 32 KiB that nobody gives back",
} as const;

export type ReferencePlant = keyof typeof referencePlants | "none";

const FORGETS_EVERY = 5000;
const KEEPS_EVERY = 500;
const LOCKED_TURNS = 2000;
const HOARD_BYTES = 2 ** 15;

export interface ReferenceChoice {
  readonly kind: "reference";
  readonly plant: ReferencePlant;
  readonly words: Int32Array;
  readonly memory: Uint8Array;
}

export function createReference(places: number, plant: ReferencePlant): ReferenceChoice {
  const words = Math.ceil(places / 32);
  return {
    kind: "reference",
    plant,
    words: new Int32Array(new SharedArrayBuffer((HEAD_WORDS + words) * 4)),
    memory: new Uint8Array(new SharedArrayBuffer(words * 32 * PLACE_BYTES)),
  };
}

export function openReference(choice: ReferenceChoice): Subject {
  const places = new Places(choice);
  if (choice.plant === "hoards") fillMemory(systemMalloc().malloc(HOARD_BYTES), 1, HOARD_BYTES);
  const refused = (): number => {
    throw new Error("the reference heap has malloc and free only");
  };
  const allocator: Allocator = {
    malloc: () => places.take(),
    free: (address) => places.giveBack(address),
    calloc: refused,
    alignedAlloc: refused,
    realloc: refused,
    usableSize: () => PLACE_BYTES,
    detach() {},
    audit: () => null,
  };
  const nothing = {
    workers: null,
    cachedBlocks: 0,
    committedBytes: 0,
    takeovers: 0,
    rebuilds: 0,
    adoptions: 0,
    largeBytes: 0,
    damaged: 0,
  };
  return {
    allocator,
    heap: {
      check() {},
      trim: () => 0,
      blocks: () => places.taken(),
      stats: () => ({ ...nothing, liveBlocks: places.taken().length }),
      windowAddress: 0,
      windowBytes: 0,
    },
    owner: 0,
    freeAll: () => places.clear(),
  };
}

class Places {
  private readonly words: Int32Array;
  /** Kept, because the places are known by address only. */
  private readonly memory: Uint8Array;
  private readonly base: number;
  private readonly plant: ReferencePlant;
  private last = 0;

  constructor({ words, memory, plant }: ReferenceChoice) {
    this.words = words;
    this.memory = memory;
    this.base = addressOf(this.memory);
    this.plant = plant;
  }

  take(): number {
    const call = Atomics.add(this.words, CALLS, 1);
    if (this.plant === "locks") this.lock();
    if (this.plant === "keeps" && call % KEEPS_EVERY === 0) this.find();
    if (this.plant === "forgets" && call % FORGETS_EVERY === 0 && this.last !== 0) this.giveBack(this.last);
    const address = this.find();
    if (this.plant === "locks") Atomics.store(this.words, LOCK, 0);
    this.last = address;
    return address;
  }

  giveBack(address: number): void {
    const place = (address - this.base) / PLACE_BYTES;
    Atomics.and(this.words, HEAD_WORDS + (place >>> 5), ~(1 << (place & 31)));
  }

  taken(): InspectedBlock[] {
    const found: InspectedBlock[] = [];
    for (let word = HEAD_WORDS; word < this.words.length; word++) {
      for (let bits = this.words[word]!; bits !== 0; bits &= bits - 1) {
        const pointer = this.addressOf(word, 31 - Math.clz32(bits & -bits));
        found.push({ pointer, byteLength: PLACE_BYTES, owner: 0 });
      }
    }
    return found;
  }

  clear(): void {
    this.words.fill(0, HEAD_WORDS);
  }

  /** 0 = all are taken. */
  private find(): number {
    for (let word = HEAD_WORDS; word < this.words.length; word++) {
      for (let held = Atomics.load(this.words, word); held !== -1; held = Atomics.load(this.words, word)) {
        const bit = ~held & (held + 1);
        if ((Atomics.or(this.words, word, bit) & bit) === 0)
          return this.addressOf(word, 31 - Math.clz32(bit));
      }
    }
    return 0;
  }

  private lock(): void {
    while (Atomics.compareExchange(this.words, LOCK, 0, 1) !== 0);
    for (let turn = 0; turn < LOCKED_TURNS; turn++) Atomics.load(this.words, LOCK);
  }

  private addressOf(word: number, bit: number): number {
    return this.base + ((word - HEAD_WORDS) * 32 + bit) * PLACE_BYTES;
  }
}
