/**
 * The rows of the list of misuse cases, 1 to 162. A test's name starts with the numbers of the rows it covers, for
 * instance "13 96 double_free"; rows.test.ts asks that no row is missing.
 */
export const ROWS = 162;

const VIEWS = "the library hands out no views yet: pointers are numbers, raw access is the caller's";
const FREE_SIZED = "there is no freeSized";

/** Rows without a test, with the reason. */
export const NOT_APPLICABLE: Readonly<Record<number, string>> = {
  43: "no function tells the size of a block from an inner pointer; usableSize refuses it (42)",
  55: FREE_SIZED,
  56: FREE_SIZED,
  78: "no function aligns at an offset",
  80: "no function allocates zeroed aligned blocks or zeroes the part that grew",
  84: "no realloc takes a count and a size",
  87: "an arena cannot be deleted while its blocks are kept; dispose ends them all (86)",
  116: VIEWS,
  117: VIEWS,
  118: FREE_SIZED,
  128: VIEWS,
  129: VIEWS,
  130: VIEWS,
  131: VIEWS,
  132: VIEWS,
  133: VIEWS,
  134: VIEWS,
  135: VIEWS,
  159: "the allocator runs no callbacks: there is no out-of-memory hook",
};
