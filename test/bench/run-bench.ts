/** Runs the measurements as a user would. */
import { fileURLToPath } from "node:url";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const pathOf = (script: string) => fileURLToPath(new URL(`../../bench/${script}.ts`, import.meta.url));

export async function runScript(
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<CommandResult> {
  const command = Bun.spawn([process.execPath, pathOf(script), ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr] = await Promise.all([command.stdout.text(), command.stderr.text()]);
  return { code: await command.exited, stdout, stderr };
}

export const runBench = (...args: string[]) => runScript("main", args);
