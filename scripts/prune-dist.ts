/**
 * Removes from each `dist/` what no source makes any more: the compiler writes files and never takes
 * one back, and what lies in `dist/` is published.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { publishedPackages } from "./published.ts";

const OUTPUT = /\.(js|d\.ts)(\.map)?$/;
/** Sources that a package's build leaves out. */
const NOT_BUILT = /(\.test|(^|[./\\])testing)$/;

for (const { name, directory } of publishedPackages()) {
  const dist = join(directory, "dist");
  if (!existsSync(dist)) continue;
  for (const found of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || !OUTPUT.test(found.name)) continue;
    const output = join(found.parentPath, found.name);
    const stem = relative(dist, output).replace(OUTPUT, "");
    const sources = [".ts", ".tsx"].map((extension) => join(directory, "src", stem + extension));
    if (!NOT_BUILT.test(stem) && sources.some((source) => existsSync(source))) continue;
    rmSync(output);
    console.log(`${name}: removed dist/${relative(dist, output)}, which no source makes`);
  }
}
