import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Only the owner reads what lies here: a KV state is as secret as its text. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Writes a file so that it is there whole or not at all. It is not synced: what a power failure
 * leaves behind fails its checks and is a miss.
 *
 * @param incoming folder on the same file system, for what is being written
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array | string,
  incoming: string,
): Promise<void> {
  const temporary = join(incoming, randomUUID());
  try {
    await made(incoming, () => writeFile(temporary, bytes, { mode: FILE_MODE, flag: "wx" }));
    await made(dirname(path), () => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Tries again with the folder made, when it was missing. */
async function made(folder: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
    await makeFolder(folder);
    await action();
  }
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
}

/** The bytes of a file; `undefined` when there is none. */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  return await orUndefined(readFile(path));
}

/** Whether there was one. */
export async function removeFile(path: string): Promise<boolean> {
  return (await orUndefined(rm(path).then(() => true))) ?? false;
}

/** Names in a folder in ascending order; none when it is missing. */
export async function namesIn(folder: string): Promise<string[]> {
  return ((await orUndefined(readdir(folder))) ?? []).sort();
}

/** Tells a file from another one that took its name; `undefined` when there is none. */
export async function fileId(path: string): Promise<string | undefined> {
  const found = await orUndefined(stat(path, { bigint: true }));
  return found === undefined ? undefined : `${found.ino}.${found.mtimeNs}`;
}

async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
