/** Rows 13 to 23, 37 to 42, 96: see the cases. */
import { cases } from "./frees.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./frees.cases.ts", cases);
