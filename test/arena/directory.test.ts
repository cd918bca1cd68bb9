/** The directory of arenas when threads die in it. Other Workers are simulated. */
import { beforeEach, expect, test } from "bun:test";
import type { Address } from "../../src/core/types.ts";
import { Directory, PLACES } from "../../src/registry/directory.ts";
import { Crew, Waiting } from "./simulated-crew.ts";

const [MAKER, GUEST, OTHER] = [100, 200, 300] as const;
const PLACE = { address: 2 ** 40, id: 77 };
const FIRST_PLACE = PLACES[0] as Address;

let crew: Crew;
let maker: Directory;
let guest: Directory;
let other: Directory;

beforeEach(() => {
  crew = new Crew();
  [maker, guest, other] = [MAKER, GUEST, OTHER].map((thread) => {
    crew.alive.add(thread);
    return Directory.open(crew.platform(thread));
  }) as [Directory, Directory, Directory];
  maker.add(() => PLACE);
});

test("a visitor that died is known as dead when a living thread has its id", () => {
  expect(guest.visit(PLACE)).toBe(true);
  expect(() => other.visit(PLACE)).toThrow(Waiting);
  crew.reborn.set(GUEST, 1);
  expect(other.visit(PLACE)).toBe(true);
});

test("a living visitor is not taken for a dead one that had its id", () => {
  expect(guest.visit(PLACE)).toBe(true);
  crew.reborn.set(GUEST, 1);
  const reborn = Directory.open(crew.platform(GUEST));
  expect(reborn.visit(PLACE)).toBe(true);
  expect(() => other.visit(PLACE)).toThrow(Waiting);
  expect(maker.occupy(PLACE)).toBe(false);
  reborn.left(PLACE);
  expect(maker.occupy(PLACE)).toBe(true);
});

test("who wants to attach waits for a reset, and goes on when the one who resets dies", () => {
  expect(maker.occupy(PLACE)).toBe(true);
  expect(() => guest.visit(PLACE)).toThrow(Waiting);
  crew.alive.delete(MAKER);
  expect(guest.visit(PLACE)).toBe(true);
});

test("a disposer that dies before it has begun to end the arena leaves it to the others", () => {
  expect(maker.occupy(PLACE)).toBe(true);
  crew.alive.delete(MAKER);
  expect(guest.inheritEnding()).toBeUndefined();
  expect(guest.visit(PLACE)).toBe(true);
});

test("an arena whose disposer died is ended by the next one who asks, once", () => {
  expect(maker.occupy(PLACE)).toBe(true);
  maker.startEnding(PLACE);
  expect(guest.inheritEnding()).toBeUndefined();
  expect(guest.visit(PLACE)).toBe(false);
  crew.alive.delete(MAKER);
  expect(guest.inheritEnding()).toEqual(PLACE);
  expect(other.inheritEnding()).toBeUndefined();
  guest.ended(PLACE);
  expect(other.remembers(PLACE)).toBe(true);
  expect(guest.inheritEnding()).toBeUndefined();
});

test("somebody else's memory where the directory should be is neither read nor written", () => {
  const fresh = new Crew();
  fresh.alive.add(MAKER);
  fresh.alive.add(GUEST);
  fresh.pages.map(2 ** 20, FIRST_PLACE);
  Directory.open(fresh.platform(MAKER)).add(() => PLACE);
  expect(Directory.open(fresh.platform(GUEST)).visit(PLACE)).toBe(true);
  expect(fresh.pages.bytes(FIRST_PLACE, 2 ** 20).every((byte) => byte === 0)).toBe(true);
});

test("an arena that ends while a visitor looks for it is not listed again", () => {
  const parts = guest as unknown as { find(address: Address, id: number): number };
  const find = parts.find.bind(guest);
  let searches = 0;
  parts.find = (address, id) => {
    const entry = find(address, id);
    if (++searches === 1) {
      maker.occupy(PLACE);
      maker.startEnding(PLACE);
      maker.ended(PLACE);
    }
    return entry;
  };
  expect(guest.visit(PLACE)).toBe(false);
  expect(other.visit(PLACE)).toBe(false);
});
