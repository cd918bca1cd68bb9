/** Rows 53, 126, 127, 144, 147, 148, 152, 160, 161: see the cases. */

import { testCases } from "./subprocess.ts";
import { cases } from "./workers.cases.ts";

testCases("./workers.cases.ts", cases, 60_000);
