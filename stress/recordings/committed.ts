import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Paths of the recordings that are part of this repository, sorted by name. */
export function committedRecordings(): string[] {
  const folder = fileURLToPath(new URL("../../recordings/", import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith(".husky.gz"))
    .sort()
    .map((file) => folder + file);
}
