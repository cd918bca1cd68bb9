/**
 * A SQLite database that lives in an arena: the system's library works on it where it lies, with a page cache out of the arena too.
 *
 *   bun examples/sqlite.ts [path of the library]
 */
import { dlopen } from "bun:ffi";
import { Database } from "bun:sqlite";
import { Arena, type Pointer } from "../src/index.ts"; // elsewhere: "husky-alloc"

const path = process.argv[2] ?? (process.platform === "darwin" ? "libsqlite3.dylib" : "libsqlite3.so.0");
const sqlite = open();

function open() {
  try {
    return dlopen(path, {
      sqlite3_config: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
      sqlite3_status: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
      sqlite3_open: { args: ["ptr", "ptr"], returns: "i32" },
      sqlite3_deserialize: { args: ["ptr", "ptr", "ptr", "i64", "i64", "u32"], returns: "i32" },
      sqlite3_exec: { args: ["ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
      sqlite3_errmsg: { args: ["ptr"], returns: "cstring" },
      sqlite3_close: { args: ["ptr"], returns: "i32" },
      sqlite3_shutdown: { args: [], returns: "i32" },
    }).symbols;
  } catch {
    console.log(`skipped: no SQLite at ${path}`);
    process.exit(0);
  }
}

const SQLITE_OK = 0;
const SQLITE_CONFIG_PAGECACHE = 7;
const SQLITE_STATUS_PAGECACHE_USED = 1;
const [PAGE, CACHE_LINES, CACHE_LINE] = [4096, 256, 4096 + 512];
const ROOM = 4 * 2 ** 20;
const ROWS = 20_000;

using arena = new Arena({ name: "sqlite", limit: 16 * 2 ** 20 });
using scope = arena.scope();

// Before the library is used at all. It is variadic in C, which bun:ffi cannot call on every system; SQLite does without then.
const cache = scope.malloc(CACHE_LINES * CACHE_LINE);
const variadic = process.platform === "linux";
const configured =
  variadic && sqlite.sqlite3_config(SQLITE_CONFIG_PAGECACHE, cache, CACHE_LINE, CACHE_LINES) === SQLITE_OK;

const handle = scope.calloc(1, 8);
if (sqlite.sqlite3_open(scope.cstring(":memory:"), handle) !== SQLITE_OK) throw new Error("sqlite3_open");
const db = arena.read.ptr(handle) as Pointer;

function run(sql: string): void {
  using texts = arena.scope();
  if (sqlite.sqlite3_exec(db, texts.cstring(sql), null, null, null) !== SQLITE_OK)
    throw new Error(`${sql}: ${sqlite.sqlite3_errmsg(db)}`);
}

// A database as a file has it, and room to grow: SQLite uses this block until the connection is closed, and no other.
const empty = new Database(":memory:");
empty.run("CREATE TABLE numbers (n INTEGER PRIMARY KEY, square INTEGER)");
const file = empty.serialize();
const image = scope.allocate(ROOM, { zero: true });
image.bytes.set(file);
if (sqlite.sqlite3_deserialize(db, scope.cstring("main"), image.address, file.length, ROOM, 0) !== SQLITE_OK)
  throw new Error(`sqlite3_deserialize: ${sqlite.sqlite3_errmsg(db)}`);

const start = performance.now();
run(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS})
  INSERT INTO numbers SELECT n, n * n FROM c`);
const milliseconds = performance.now() - start;

const [now, most] = [scope.calloc(1, 4), scope.calloc(1, 4)];
sqlite.sqlite3_status(SQLITE_STATUS_PAGECACHE_USED, now, most, 0);
const pages = arena.read.i32(most);

// The header of a database file tells its length: page count at 28, big-endian.
const length = image.view(DataView).getUint32(28) * PAGE;
const copy = Database.deserialize(image.bytes.slice(0, length));
const row = copy.query("SELECT count(*) AS count, sum(square) AS sum FROM numbers").get() as Record<
  string,
  number
>;
const expected = (ROWS * (ROWS + 1) * (2 * ROWS + 1)) / 6;

console.log(`${ROWS} rows in ${milliseconds.toFixed(0)} ms, ${length} bytes of the arena`);
console.log(`Bun's SQLite reads them there: ${row["count"] === ROWS && row["sum"] === expected}`);
console.log(configured ? `pages cached in the arena: ${pages}` : "the page cache is SQLite's own here");
if (sqlite.sqlite3_close(db) !== SQLITE_OK) throw new Error("sqlite3_close");
sqlite.sqlite3_shutdown();
scope.dispose();
console.log(`blocks left: ${arena.stats().liveBlocks}`);
