import { Operation, type Recording } from "../../stress/recordings/recording.ts";

const names = Object.keys(Operation);

/** `malloc#0 10` for each operation, with the alignment behind it and the thread in front if there are several. */
export function operationLines(recording: Recording): string[] {
  return Array.from(recording.operation, (operation, i) => {
    const thread = recording.threads > 1 ? `${recording.thread[i]}: ` : "";
    const alignment = recording.alignment[i] ? ` @${recording.alignment[i]}` : "";
    return `${thread}${names[operation]}#${recording.block[i]} ${recording.size[i]}${alignment}`;
  });
}
