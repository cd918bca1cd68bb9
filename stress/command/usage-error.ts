/** The command cannot be run as it was written: exit code 2, nothing was run. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
