/** What the verifier's messages mean, by the assertion that failed. */
const MEANINGS: readonly [message: RegExp, meaning: string][] = [
  [
    /assertion violated \(top==1\)/,
    "a block is lost: it is not free when everybody is gone and all is reclaimed",
  ],
  [/assertion violated .*freers\[/, "a block that two free at once is not freed"],
  [/assertion violated .*gone>>/, "a block in use is a dead Worker's after all of them were reclaimed"],
  [/assertion violated .*\(held&.*==0/, "a block has two owners"],
  [/assertion violated .*\(held&.*!=0/, "a block is freed twice"],
  [/assertion violated .*held>>mine\)&1\)==0/, "a free of a block in use is refused"],
  [/assertion violated .*head\[/, "a Worker that keeps nothing by its count has a block on a list"],
  [/assertion violated .*held>>mine\)&1\)==1/, "a block is freed twice"],
  [/assertion violated .*held>>/, "a block in use is nobody's, or one that somebody uses is not in use"],
  [/assertion violated .*state\[s\]/, "an owner is not told of a block that another Worker has freed"],
  [/assertion violated .*state\[mine\].*!=2/, "a block is lost: it is not free after the last trim"],
  [/assertion violated .*allocator\[i\]/, "a block in use has another owner than the one who allocated it"],
  [/assertion violated .*allocator\[/, "a block of a living Worker is reclaimed"],
  [/assertion violated .*count\[/, "a magazine holds more than it has room for"],
  [/assertion violated .*state\[mine\]&3\)==2/, "a magazine leads to a block that is not ready"],
  [/assertion violated .*map\[/, "a span is not dropped when nothing in it is in use"],
  [/assertion violated .*size\[i\]!=0|assertion violated \(i==top\)/, "the header chain does not tile"],
  [/assertion violated .*check\[/, "a header does not fit: its block would be out of use for good"],
  [/assertion violated .*filed\[/, "a block is given back that is free already or no block"],
  [/assertion violated .*word1\[/, "a list leads to a block that is not cached there"],
  [/assertion violated \(lock==(token|me)\)/, "the lock was taken from a living owner"],
  [/assertion violated .*reclaimed/, "a free of a block in use is refused"],
  [/assertion violated .*owner\[/, "a slot is not vacant when everybody is gone and all is reclaimed"],
  [/invalid end state/, "nobody can go on"],
  [/non-progress cycle|acceptance cycle/, "Workers can go round for ever"],
];

/** What was violated according to the verifier's output; undefined: nothing, in all states. Throws if it did not finish. */
export function violationIn(output: string): string | undefined {
  const message = /^pan:\d+: (.*)$/m.exec(output)?.[1];
  if (message !== undefined && !/max search depth|out of memory/.test(output)) {
    return MEANINGS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  }
  const isComplete = /errors: 0\b/.test(output) && !/Search not completed/.test(output);
  if (isComplete) return undefined;
  throw new Error(
    `the verifier did not visit all states:\n${output.trim().split("\n").slice(0, 12).join("\n")}`,
  );
}
