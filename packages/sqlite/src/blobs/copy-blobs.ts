import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isBlobName } from "./blob-paths.ts";
import { syncFile } from "./file-bytes.ts";
import { fileErrorCode } from "./file-errors.ts";

interface CopyOptions {
  readonly progress: (count: { readonly done: number; readonly total: number }) => void;
  readonly signal: AbortSignal | undefined;
}

/** Copies the blobs that `to` does not have yet. Blobs never change, so what is there is right. */
export async function copyNewBlobs(
  from: string | undefined,
  to: string,
  { progress, signal }: CopyOptions,
): Promise<void> {
  await mkdir(to, { recursive: true });
  const names = from === undefined ? [] : await blobsIn(from);
  for (const [place, name] of names.entries()) {
    signal?.throwIfAborted();
    await copyBlob(join(from ?? "", name), join(to, name));
    progress({ done: place + 1, total: names.length });
  }
}

async function blobsIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && isBlobName(entry.name));
    return files.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function copyBlob(from: string, to: string): Promise<void> {
  if ((await stat(to).catch(() => undefined)) !== undefined) return;
  await mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.new`;
  try {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await syncFile(temporary);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    // Deleted since it was listed: then nothing refers to it.
    if (fileErrorCode(error) !== "ENOENT") throw error;
  }
}
