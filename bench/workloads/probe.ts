/** Opens a foreign allocator and prints its library's file, in a process that is started as it needs it. */
import { type ForeignName, foreignFile, openForeign } from "../../stress/allocators/foreign.ts";

const name = process.argv[2] as ForeignName;
const { malloc, free } = openForeign(name);
free(malloc(64));
console.log(foreignFile(name) ?? name);
