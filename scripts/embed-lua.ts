/**
 * Writes the Lua files of `packages/redis` into a generated TypeScript file, so that the package reads
 * no file at run time. Run: `pnpm exec node scripts/embed-lua.ts`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SCRIPTS = new URL("../packages/redis/src/scripts/", import.meta.url);
/** The generated file. */
export const LUA_FILE = new URL("lua.generated.ts", SCRIPTS);

/** The generated file as it should be. */
export function embedLua(): string {
  return [
    "// Made by scripts/embed-lua.ts from the .lua files beside it. Do not edit.",
    `export const LUA_MODULES = {\n${entries("modules/", moduleEntry)}\n};`,
    `export const LUA_SCRIPTS = {\n${entries("", scriptEntry)}\n};`,
    "",
  ].join("\n\n");
}

function entries(folder: string, entry: (name: string, text: string) => string): string {
  const directory = new URL(folder, SCRIPTS);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".lua"))
    .sort()
    .map((name) => entry(name.slice(0, -4), readFileSync(new URL(name, directory), "utf8")))
    .join("\n");
}

function moduleEntry(name: string, text: string): string {
  return `  "${name}": {\n    uses: ${usesOf(text)},\n    source: ${quote(text)},\n  },`;
}

function scriptEntry(name: string, text: string): string {
  return (
    `  "${name}": {\n    flags: ${listOf(text, "flags")},\n    uses: ${usesOf(text)},\n` +
    `    source: ${quote(text)},\n  },`
  );
}

function usesOf(text: string): string {
  return listOf(text, "uses");
}

function listOf(text: string, header: string): string {
  return `[${headerOf(text, header)
    .map((word) => `"${word}"`)
    .join(", ")}]`;
}

/** Words of a header line `-- <name>: <words>`. */
function headerOf(text: string, name: string): string[] {
  const line = new RegExp(`^-- ${name}: (.*)$`, "mu").exec(text)?.[1] ?? "";
  return line.split(/\s+/u).filter((word) => word !== "");
}

/** As a template without substitutions; lines that are comments are left out. */
function quote(text: string): string {
  const code = text
    .split("\n")
    .filter((line) => !/^\s*--/u.test(line) && line.trim() !== "")
    .join("\n");
  if (/`|\$\{/u.test(code)) throw new TypeError("no back quote and no ${ in Lua sources");
  return `String.raw\`${code}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(LUA_FILE, embedLua());
