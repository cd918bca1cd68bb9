/** Imports what the chosen subject needs, and only that. The result opens it in the calling Worker and attaches. */
import type { Subject, SubjectChoice } from "./subject.ts";

export async function loadSubject(choice: SubjectChoice): Promise<() => Subject> {
  switch (choice.kind) {
    case "heap": {
      const { openHeapSubject } = await import("./husky.ts");
      return openHeapSubject;
    }
    case "arena": {
      const { openArenaSubject } = await import("./husky.ts");
      return () => openArenaSubject(choice.handle);
    }
    case "troubled": {
      const { openTroubled } = await import("./troubled.ts");
      return () => openTroubled(choice);
    }
    case "reference": {
      const { openReference } = await import("./reference.ts");
      return () => openReference(choice);
    }
    default:
      throw new RangeError(`\`choice\` is of the kind "${choice.kind}", which cannot be looked into`);
  }
}
