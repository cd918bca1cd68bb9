/** Rows 156, 157: see the cases. */
import { cases } from "./deaths.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./deaths.cases.ts", cases, 60_000);
