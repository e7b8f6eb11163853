#!/usr/bin/env node
/**
 * The `memcube` command. What it does is in `cli/main.ts`; here is only what must work on any node.
 */
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";

/** Whether this node is as new as the package asks for, such as ">=22.16". */
function isNewEnough(wanted: string): boolean {
  const [major = 0, minor = 0] = wanted.replace(">=", "").split(".").map(Number);
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

const manifest = new URL("../package.json", import.meta.url);
const { engines } = JSON.parse(readFileSync(manifest, "utf8")) as { engines: { node: string } };

if (isNewEnough(engines.node)) {
  // Compiled once, a command starts in less than half the time.
  nodeModule.enableCompileCache();
  const { main } = await import("./cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error(`memcube: needs Node.js ${engines.node}; this is ${process.version}.`);
  process.exitCode = 1;
}
