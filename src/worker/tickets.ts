/**
 * Tickets: how a block changes hands, so that of several Workers that were sent its handle exactly one gets it. A ticket is a
 * small block of the same arena that names the other one:
 *
 *   0      seal: made of a random number that only the handle has, of the ticket's place and of the arena's secret; 0 = taken
 *   1      unused
 *   2, 3   address of the block, a double
 *   4, 5   its length in bytes, a double
 *
 * The giver writes all else before the seal, which it stores by Atomics. Who takes the block exchanges the seal for 0, and one
 * alone finds it; then it frees the ticket. What a death leaves: before the seal a block in use that nobody knows, as after any
 * `malloc`; between seal and exchange ticket and block, which can still be taken, or listed and reclaimed as the giver's; after
 * the exchange a block in use, and perhaps the ticket.
 */
import type { Address, Pointer } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { MIX_PLACE, MIX_SIZE } from "../memory/header.ts";
import type { Attachment } from "./attachment.ts";
import { cacheOf } from "./pointers.ts";
import { freePointer } from "./release.ts";

const TICKET_BYTES = 24;
const TICKET_WORDS: number = TICKET_BYTES / 4;

export interface Ticket {
  readonly ticket: number;
  readonly nonce: number;
}

export interface Given {
  readonly address: Pointer;
  readonly byteLength: number;
}

/** Where a ticket stands. */
interface Place {
  readonly words: Int32Array;
  readonly at: number;
}

/** Makes a ticket for a block. Throws OutOfMemoryError. */
export function giveTicket(attachment: Attachment, address: Pointer, byteLength: number): Ticket {
  const nonce = crypto.getRandomValues(new Int32Array(1))[0]!;
  const ticket = attachment.fastPath.malloc(TICKET_BYTES);
  // Where even small requests get a mapping of their own, it is nobody else's until the seal is there.
  const place = placeOf(attachment, ticket) ?? { words: mappedWords(attachment, ticket), at: 0 };
  const doubles = doublesOf(place);
  doubles[1] = address;
  doubles[2] = byteLength;
  Atomics.store(place.words, place.at, sealOf(attachment, ticket, nonce));
  return { ticket, nonce };
}

/** Takes the block of a ticket, once. Undefined: somebody else has, or there is no such ticket. */
export function takeTicket(attachment: Attachment, ticket: Ticket): Given | undefined {
  const place = placeOf(attachment, ticket.ticket);
  const given = place === undefined ? takeMapped(attachment, ticket) : takeFrom(attachment, place, ticket);
  if (given !== undefined) freePointer(attachment, ticket.ticket);
  return given;
}

/** The same for one with a mapping of its own: under the lock, since it could end. */
function takeMapped(attachment: Attachment, ticket: Ticket): Given | undefined {
  const heap: Heap = attachment.heap;
  heap.enter();
  try {
    if (heap.large.find(ticket.ticket) === undefined) return undefined;
    return takeFrom(attachment, { words: mappedWords(attachment, ticket.ticket), at: 0 }, ticket);
  } finally {
    heap.leave();
  }
}

function takeFrom(attachment: Attachment, place: Place, { ticket, nonce }: Ticket): Given | undefined {
  const seal = sealOf(attachment, ticket, nonce);
  if (Atomics.compareExchange(place.words, place.at, seal, 0) !== seal) return undefined;
  const doubles = doublesOf(place);
  return { address: doubles[1]! as Pointer, byteLength: doubles[2]! };
}

function doublesOf({ words, at }: Place): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset + at * 4, TICKET_WORDS / 2);
}

function mappedWords({ heap }: Attachment, ticket: number): Int32Array {
  return heap.platform.pages.words(ticket as Address, TICKET_BYTES);
}

function placeOf(attachment: Attachment, ticket: number): Place | undefined {
  const cache = cacheOf(attachment, ticket);
  if (cache === undefined) return undefined;
  const { words, base } = cache;
  const at = (ticket - base) / 4;
  const { first } = attachment.heap.windows[cache.number]!.space;
  return at % 4 === 0 && at >= first && at + TICKET_WORDS <= words.length ? { words, at } : undefined;
}

/** Never 0. */
function sealOf({ heap }: Attachment, ticket: number, nonce: number): number {
  const place = Math.floor(ticket / 16) | 0;
  return (Math.imul(place ^ heap.geometry.secret, MIX_PLACE) + Math.imul(nonce, MIX_SIZE)) | 1;
}
