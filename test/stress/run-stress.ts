/** Runs the command `bun run stress` as a user would. */
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../stress/main.ts", import.meta.url));

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const startStress = (...args: string[]) =>
  Bun.spawn([process.execPath, script, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
  });

export async function runStress(...args: string[]): Promise<CommandResult> {
  const command = startStress(...args);
  const [stdout, stderr] = await Promise.all([command.stdout.text(), command.stderr.text()]);
  return { code: await command.exited, stdout, stderr };
}

export const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";
