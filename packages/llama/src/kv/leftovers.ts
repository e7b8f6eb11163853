import { rm, stat } from "node:fs/promises";

import { isCode } from "./files.ts";

/** What a writer that died left behind is older than this. */
const LEFTOVER_MS = 600_000;

/**
 * Removes a file or folder that nobody has written to for ten minutes.
 *
 * @param now milliseconds since the epoch
 * @returns whether it was one
 */
export async function removeLeftover(path: string, now: number): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    // A clock that was set back leaves files of the future: those belong to nobody either.
    if (Math.abs(now - mtimeMs) < LEFTOVER_MS) return false;
    await rm(path, { recursive: true });
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}
