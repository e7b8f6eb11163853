#!/usr/bin/env node
/** The `memcube` command. What it does is in `cli/main.ts`; here only what must work on any node. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 13)) {
  console.error(`memcube: needs Node.js 22.13 or newer; this is ${process.version}.`);
  process.exitCode = 1;
} else {
  const { main } = await import("./cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}

export {};
