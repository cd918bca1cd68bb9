/**
 * Runs Lua with all of its memory in an arena: `lua_newstate` takes an allocator, and the arena's limit is the script's.
 *
 *   bun examples/lua.ts [path of the library]
 */
import { dlopen, JSCallback } from "bun:ffi";
import { Arena, OutOfMemoryError } from "../src/index.ts"; // elsewhere: "husky-alloc"

const names = ["liblua5.4.so.0", "liblua.so.5.4", "liblua-5.4.so", "liblua.5.4.dylib"];
const paths = process.argv[2] === undefined ? names : [process.argv[2]];
const lua = paths.map(open).find((library) => library !== undefined) ?? skip();

function open(path: string) {
  try {
    return dlopen(path, {
      lua_newstate: { args: ["ptr", "ptr"], returns: "ptr" },
      luaL_openlibs: { args: ["ptr"], returns: "void" },
      luaL_loadstring: { args: ["ptr", "ptr"], returns: "i32" },
      lua_pcallk: { args: ["ptr", "i32", "i32", "i32", "i64", "ptr"], returns: "i32" },
      lua_tonumberx: { args: ["ptr", "i32", "ptr"], returns: "f64" },
      lua_settop: { args: ["ptr", "i32"], returns: "void" },
      lua_close: { args: ["ptr"], returns: "void" },
    }).symbols;
  } catch {
    return undefined;
  }
}

function skip(): never {
  console.log(`skipped: no Lua 5.4 at ${paths.join(", ")}`);
  process.exit(0);
}

const LUA_ERRMEM = 4;

using arena = new Arena({ name: "lua", limit: 8 * 2 ** 20 });
let calls = 0;
/** lua_Alloc: size 0 frees, everything else is a realloc; null where there is no memory, since nothing may be thrown through C. */
const allocate = new JSCallback(
  (_: number, pointer: number, _oldSize: bigint, size: bigint) => {
    calls++;
    try {
      if (size > 0n) return arena.realloc(pointer, Number(size));
      arena.free(pointer);
      return 0;
    } catch (error) {
      if (error instanceof OutOfMemoryError) return 0;
      throw error;
    }
  },
  { args: ["ptr", "ptr", "usize", "usize"], returns: "ptr" },
);

const state = lua.lua_newstate(allocate.ptr, null);
if (state === null) throw new Error("lua_newstate");
lua.luaL_openlibs(state);

/** Runs a script that returns one number. Gives Lua's status, 0 if all went well, and the number. */
function run(script: string): { status: number; number: number } {
  using scope = arena.scope();
  let status = lua.luaL_loadstring(state, scope.cstring(script));
  if (status === 0) status = lua.lua_pcallk(state, 0, 1, 0, 0, null);
  const number = lua.lua_tonumberx(state, -1, null);
  lua.lua_settop(state, 0);
  return { status, number };
}

const words = run(`
  local count = {}
  for i = 1, 20000 do
    local word = "word " .. i % 5000
    count[word] = (count[word] or 0) + 1
  end
  local sum = 0
  for _, each in pairs(count) do sum = sum + each end
  return sum`);
console.log(`a script that counts 20000 words: ${words.number}`);
console.log(`Lua called the arena ${calls} times, ${arena.stats().peakCommittedBytes} bytes at the most`);

const greedy = run(`local all = {} for i = 1, 1e9 do all[i] = "text " .. i end return 1`);
console.log(`a script that never has enough is stopped: ${greedy.status === LUA_ERRMEM}`);
console.log(`the next one runs: ${run("return 6 * 7").number === 42}`);

lua.lua_close(state);
allocate.close();
console.log(`blocks left: ${arena.stats().liveBlocks}`);
