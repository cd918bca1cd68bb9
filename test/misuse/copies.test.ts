/** Rows 7 to 12, 46, 91, 93: see the cases. */
import { cases } from "./copies.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./copies.cases.ts", cases);
