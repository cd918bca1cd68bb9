/** The lecture's five programs. Each prints one line, frees all it has allocated, and runs on any arena. */
import { bytesAt } from "../native/raw-memory.ts";
import type { Arena } from "../src/index.ts";

export interface Program {
  readonly name: string;
  /** Returns the line. */
  run(arena: Arena): string;
}

const NUMBER_BYTES = 8;
const CELL_BYTES = 16;

/** The bytes of a block for reading and writing numbers. */
function view(pointer: number, byteLength: number): DataView {
  return new DataView(bytesAt(pointer, byteLength).buffer);
}

function hello(arena: Arena): string {
  const text = new TextEncoder().encode("Hello, World\0");
  const block = arena.malloc(text.length);
  bytesAt(block, text.length).set(text);
  const line = new TextDecoder().decode(bytesAt(block, text.length - 1));
  arena.free(block);
  return line;
}

function arraySum(arena: Arena): string {
  const length = 1024;
  const array = arena.malloc(length * NUMBER_BYTES);
  const numbers = view(array, length * NUMBER_BYTES);
  for (let i = 0; i < length; i++) numbers.setFloat64(i * NUMBER_BYTES, i);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += numbers.getFloat64(i * NUMBER_BYTES);
  arena.free(array);
  return `Sum = ${sum}`;
}

/** A new cell in front of a list: its value, and the list behind it. */
function putInFront(arena: Arena, value: number, list: number): number {
  const cell = arena.malloc(CELL_BYTES);
  const words = view(cell, CELL_BYTES);
  words.setFloat64(0, value);
  words.setFloat64(NUMBER_BYTES, list);
  return cell;
}

function behind(cell: number): number {
  return view(cell, CELL_BYTES).getFloat64(NUMBER_BYTES);
}

function sumOf(list: number): number {
  let sum = 0;
  for (let cell = list; cell !== 0; cell = behind(cell)) sum += view(cell, CELL_BYTES).getFloat64(0);
  return sum;
}

/** Frees a list from its last cell, the oldest, to its head. */
function freeList(arena: Arena, list: number): void {
  if (list === 0) return;
  freeList(arena, behind(list));
  arena.free(list);
}

function listSum(arena: Arena): string {
  let list = 0;
  for (let value = 0; value < 10; value++) list = putInFront(arena, value, list);
  const sum = sumOf(list);
  freeList(arena, list);
  return `Sum = ${sum}`;
}

function twoLists(arena: Arena): string {
  let first = 0;
  let second = 0;
  for (let value = 0; value < 100; value++) {
    first = putInFront(arena, value, first);
    second = putInFront(arena, value, second);
  }
  const sum = sumOf(first) + sumOf(second);
  freeList(arena, first);
  freeList(arena, second);
  return `Sum = ${sum}`;
}

function manySizes(arena: Arena): string {
  const count = 1000;
  const table = arena.malloc(count * NUMBER_BYTES);
  const pointers = view(table, count * NUMBER_BYTES);
  for (let i = 0; i < count; i++) {
    const byteLength = Math.max(5 * i, 4);
    const block = arena.malloc(byteLength);
    bytesAt(block, 5 * i).fill(1);
    view(block, byteLength).setInt32(0, i);
    pointers.setFloat64(i * NUMBER_BYTES, block);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const block = pointers.getFloat64(i * NUMBER_BYTES);
    sum += view(block, 4).getInt32(0);
    arena.free(block);
  }
  arena.free(table);
  return `Sum = ${sum}`;
}

export const programs: readonly Program[] = [
  { name: "01-hello", run: hello },
  { name: "02-array-sum", run: arraySum },
  { name: "03-list-sum", run: listSum },
  { name: "04-two-lists", run: twoLists },
  { name: "05-many-sizes", run: manySizes },
];
