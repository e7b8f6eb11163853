import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { fileErrorCode } from "./file-errors.ts";

/** A file that is being written for so long belongs to a process that is gone. */
const ABANDONED_MS = 24 * 3_600_000;

/** Removes what crashes have left half written. @returns how many files */
export async function removeAbandoned(incoming: string, now: number): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(incoming)) {
    const path = join(incoming, name);
    const written = await stat(path).catch(() => undefined); // gone: its writer has finished
    if (written === undefined || now - written.mtimeMs < ABANDONED_MS) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}
