/** Rows 121 to 125, 137, 143, 146: see the cases. */
import { cases } from "./arenas.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./arenas.cases.ts", cases);
