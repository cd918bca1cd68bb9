/** Rows 145, 154, 155, 158, 162: see the cases. */

import { testCases } from "./subprocess.ts";
import { cases } from "./worker-ends.cases.ts";

testCases("./worker-ends.cases.ts", cases, 60_000);
