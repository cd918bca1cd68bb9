/** Rows 149 to 151, 153: see the cases. */
import { cases } from "./races.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./races.cases.ts", cases, 60_000);
