/**
 * Plays the lecture's examples on every policy and writes docs/examples.md and its pictures, and the picture of
 * docs/architecture.md:
 *
 *   bun run pictures
 */
import { mkdirSync, rmSync } from "node:fs";
import { drawArchitecture } from "./architecture/draw.ts";
import { layoutOfAnArena } from "./architecture/scene.ts";
import { draw } from "./draw.ts";
import { type Example, examples, type Outcome, shownPolicies } from "./scenes.ts";

const DOCS = new URL("../docs/", import.meta.url).pathname;
const FOLDER = "examples";

const HEAD = `# The lecture's examples, on every policy

Written by \`bun run pictures\`; test/policies/examples.test.ts holds the policies to it.

The window's blocks from the first one on, addresses from left to right and from row to row. Each box is a block with its
header; a long one goes on in the next row. Caches are off, so that each request reaches the policy.
`;

function fileOf(example: Example, policy: string): string {
  return `${FOLDER}/${example.name}-${policy.replace(/[:=]/g, "-")}.svg`;
}

function tableOf(outcomes: ReadonlyMap<string, Outcome>): string[] {
  const rows = [...outcomes].map(
    ([policy, { freedBlocks, answer }]) => `| \`${policy}\` | ${freedBlocks} | ${answer} |`,
  );
  return ["| policy | free blocks there | the last request gets |", "|---|---|---|", ...rows];
}

async function pageOf(example: Example): Promise<string> {
  const outcomes = new Map(shownPolicies.map((policy) => [policy, example.play(policy)] as const));
  const lines = [`\n## ${example.name[0]!.toUpperCase()}${example.name.slice(1)}\n`, `${example.summary}\n`];
  lines.push(...tableOf(outcomes));
  for (const [policy, { moments }] of outcomes) {
    const file = fileOf(example, policy);
    await Bun.write(DOCS + file, `${await draw(moments)}\n`);
    lines.push(`\n\`${policy}\`\n`, `![${example.name} on ${policy}](${file})`);
  }
  return `${lines.join("\n")}\n`;
}

rmSync(DOCS + FOLDER, { recursive: true, force: true });
mkdirSync(DOCS + FOLDER);
const pages: string[] = [];
for (const example of examples) pages.push(await pageOf(example));
await Bun.write(`${DOCS}examples.md`, HEAD + pages.join(""));
console.log(`docs/examples.md and ${examples.length * shownPolicies.length} pictures written`);
await Bun.write(`${DOCS}architecture.svg`, drawArchitecture(layoutOfAnArena()));
console.log("docs/architecture.svg written");
