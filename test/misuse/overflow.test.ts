/** Rows 1 to 6, 44, 45, 94, 95: see the cases. */
import { cases } from "./overflow.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./overflow.cases.ts", cases);
