import { sha256Hex } from "@memcube/core";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { isProcessGone } from "../kv/claims.ts";

const NAME = /^memcube-loras-([0-9]+)-([0-9a-f]{12})-/;
/** Clocks of files and processes differ by less. */
const MARGIN_MS = 10_000;

/**
 * Makes a folder for the LoRAs of one engine, for this user only, and takes away those that processes of this
 * computer left behind when they were killed.
 */
export async function makeLoraFolder(parent = tmpdir()): Promise<string> {
  const host = sha256Hex(hostname()).slice(0, 12);
  await sweep(parent, host);
  return await mkdtemp(join(parent, `memcube-loras-${process.pid}-${host}-`));
}

async function sweep(parent: string, host: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const [, pid = "", of] = NAME.exec(name) ?? [];
    if (of !== host) continue;
    const path = join(parent, name);
    try {
      if (await isLeft(path, Number(pid))) await rm(path, { recursive: true, force: true });
    } catch {
      // Another user's, or somebody else was faster: it is not ours to take away.
    }
  }
}

/** In a container a process has the number of the one that it comes after. */
async function isLeft(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return isProcessGone({ host: hostname(), pid });
  const startedAt = Date.now() - process.uptime() * 1_000;
  return (await stat(path)).mtimeMs < startedAt - MARGIN_MS;
}
