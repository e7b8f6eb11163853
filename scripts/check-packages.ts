/**
 * Holds each published package's manifest against its files (publint, strict): as built in its folder, or
 * as packed when tarballs are named. `node scripts/check-packages.ts [tarball...]`
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { publint, type Options } from "publint";
import { formatMessage } from "publint/utils";
import { publishedPackages } from "./published.ts";

interface Subject {
  readonly name: string;
  readonly where: Options;
}

function packedIn(tarball: string): Subject {
  const bytes = new Uint8Array(readFileSync(tarball));
  return { name: basename(tarball), where: { pack: { tarball: bytes.buffer } } };
}

const tarballs = process.argv.slice(2);
const subjects =
  tarballs.length > 0
    ? tarballs.map(packedIn)
    : publishedPackages().map(({ name, directory }): Subject => ({
        name,
        where: { pkgDir: directory, pack: false },
      }));

for (const { name, where } of subjects) {
  const { messages, pkg } = await publint({ ...where, strict: true });
  for (const message of messages) {
    process.exitCode = 1;
    console.error(`${name}: ${message.type}: ${formatMessage(message, pkg) ?? message.code}`);
  }
}
