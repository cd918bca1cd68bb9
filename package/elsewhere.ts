/** What a runtime that is not Bun loads in place of the library. */

/**
 * A CommonJS module, which Node loads by `import` and `require` alike. It names what the library exports: an import of a
 * name that is not there would fail before the message.
 */
export function elsewhere(names: readonly string[], versions: string): string {
  const message =
    `husky-alloc runs in Bun ${versions} only: it reaches the system's memory through bun:ffi. ` +
    "Install Bun (https://bun.sh, or: npm install --global bun) and start the program with `bun`; " +
    "a bundle must be made for it: bun build --target=bun.";
  const exports = names.map((name) => `exports.${name} = `).join("");
  return `"use strict";\n${exports}undefined;\nthrow new Error(${JSON.stringify(message)});\n`;
}
