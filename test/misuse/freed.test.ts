/** Rows 31 to 34, 47 to 49, 89, 90, 92, 97, 136: see the cases. */
import { cases } from "./freed.cases.ts";
import { testCases } from "./subprocess.ts";

testCases("./freed.cases.ts", cases);
