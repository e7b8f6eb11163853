/** Holds each published package's manifest against what was built (publint). */
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages } from "./published.ts";

let problems = 0;
for (const { name, directory } of publishedPackages()) {
  const { messages } = await publint({ pkgDir: directory, strict: true, pack: false });
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as object;
  for (const message of messages) {
    problems += 1;
    console.error(`${name}: ${message.type}: ${formatMessage(message, manifest) ?? message.code}`);
  }
}
process.exitCode = problems === 0 ? 0 : 1;
