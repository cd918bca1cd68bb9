/** Opens the chosen subject in the calling Worker and attaches it. Each kind is imported only where it is chosen. */
import type { Subject, SubjectChoice } from "./subject.ts";

export async function openSubject(choice: SubjectChoice): Promise<Subject> {
  switch (choice.kind) {
    case "heap":
      return (await import("./husky.ts")).openHeapSubject();
    case "arena":
      return (await import("./husky.ts")).openArenaSubject(choice.handle);
    case "troubled":
      return (await import("./troubled.ts")).openTroubled(choice);
    case "reference":
      return (await import("./reference.ts")).openReference(choice);
    default:
      throw new RangeError(`\`choice\` is of the kind "${choice.kind}", which cannot be looked into`);
  }
}
