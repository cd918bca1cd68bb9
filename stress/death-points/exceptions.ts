/**
 * Death points that the tour does not come past, each with the reason. A point that is neither visited nor listed here
 * is a fault, and so is an entry that is not needed any more. `text` is a part of a call or of a store, or what is in a
 * loop; "" = all in there, as `within` "" = anywhere in the file.
 */
export interface Exception {
  readonly file: string;
  readonly within: string;
  readonly text: string;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  ...["heap.slots.countAttachment(slot, -1)", "heap.slots.retire(", "heap.slots.ownerOf("].map((text) => ({
    file: "src/worker/attachment.ts",
    within: "Attachment.constructor",
    text,
    reason: "a repair mends the damage that it finds; only a full stack leaves it by an exception",
  })),
  {
    file: "src/worker/claims.ts",
    within: "claim",
    text: "nobodys, busy",
    reason: "the block's owner must be forgotten between a load and an exchange that follow each other",
  },
  ...["moveIn", "reap", "reclaim"].map((method) => ({
    file: "src/death/adoption.ts",
    within: method,
    text: "heap.repaired(",
    reason: "a repair mends the damage that it finds; only a full stack leaves it by an exception",
  })),
  {
    file: "src/worker/pointers.ts",
    within: "explain",
    text: "heap.repaired(",
    reason: "a walk from header to header follows no link; only a full stack leaves it by an exception",
  },
  {
    file: "src/registry/directory.ts",
    within: "Directory.add",
    text: "new ArenaError(",
    reason: "a death with the directory full of arenas would leave it full for all later trials",
  },
  {
    file: "src/registry/directory.ts",
    within: "Directory.claim",
    text: "this.release(",
    reason: "the entry must change hands between a search and an exchange that follow each other",
  },
  ...["CacheWord.reallocating] = 0", "diagnose("].map((text) => ({
    file: "src/worker/reallocate.ts",
    within: "reallocateBlock",
    text,
    reason: "another Worker must free the block between two loads that follow each other",
  })),
  {
    file: "src/worker/reallocate.ts",
    within: "reallocateLarge",
    text: "diagnose(",
    reason: "another Worker must free the block between two locks that follow each other",
  },
  ...["startEnding", "reopen", "ended"].map((method) => ({
    file: "src/registry/source.ts",
    within: `ProcessHeapSource.${method}`,
    text: "",
    reason: "the base class demands it; reset and dispose of the process-wide heap are refused before",
  })),
  {
    file: "src/worker/fast-path.ts",
    within: "FastPath.freeForeign",
    text: "CacheWord.freeing] = 0",
    reason: "another Worker must free the block between a load and an exchange that follow each other",
  },
  ...["links", "husky", "slabs", "tree", "unordered"].map((policy) => ({
    file: `src/policies/${policy}.ts`,
    within: "",
    text: "space.damaged(",
    reason: "damage of any index ends in the same repair, which is visited with bins",
  })),
  ...[
    ["Slabs.file", "this.scrap("],
    ["Slabs.filePiece", "this.scrap("],
    ["Slabs.scrap", ""],
  ].map(([within, text]) => ({
    file: "src/policies/slabs.ts",
    within: within!,
    text: text!,
    reason: "for what a death in the middle of a cut leaves, or damage; survivors come past it",
  })),
  {
    file: "src/registry/source.ts",
    within: "ProcessHeapSource.constructor",
    text: "",
    reason: "runs when the module is loaded",
  },
  {
    file: "src/registry/directory.ts",
    within: "PLACES",
    text: "",
    reason: "runs when the module is loaded",
  },
  {
    file: "src/policies/catalogue.ts",
    within: "policyNames",
    text: "",
    reason: "runs when the module is loaded",
  },
];
