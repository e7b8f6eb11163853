import { type BlobStore, MemCubeError } from "@memcube/core";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { fileError, orUndefined } from "./file-errors.ts";

const HASH = /^[0-9a-f]{64}$/u;

/** Options of {@link directoryBlobs}. */
export interface DirectoryBlobsOptions {
  /** Made when it is missing. Processes on other hosts need the same one: a shared volume. */
  readonly directory: string;
  /** Whether a put returns only when a power failure can't take it away any more. @default true */
  readonly sync?: boolean;
}

/**
 * The blob port on files, `<directory>/<tenant>/<aa>/<hash>`: written beside, synced, renamed. The
 * layout is that of `@memcube/sqlite`, so a folder of blobs moves from one to the other.
 *
 * `list` reads the folder of names once: O(blobs of the tenant).
 */
export function directoryBlobs({ directory, sync = true }: DirectoryBlobsOptions): BlobStore {
  const tenantFolder = (tenantId: string): string =>
    join(directory, sha256(Buffer.from(tenantId)).slice(0, 32));
  const pathOf = (tenantId: string, hash: string): string | undefined =>
    HASH.test(hash) ? join(tenantFolder(tenantId), hash.slice(0, 2), hash) : undefined;
  const mapped = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      throw fileError(error, directory);
    }
  };
  return {
    put: (tenantId, bytes) =>
      mapped(async () => {
        const kept = Buffer.from(bytes);
        const hash = sha256(kept);
        const path = pathOf(tenantId, hash) ?? "";
        if (!(await holds(path, hash))) await write(directory, path, kept, sync);
        return { hash, sizeBytes: kept.length };
      }),
    get: (tenantId, hash) =>
      mapped(async () => {
        const path = pathOf(tenantId, hash);
        const bytes = path === undefined ? undefined : await orUndefined(readFile(path));
        if (bytes === undefined || sha256(bytes) === hash) return bytes && new Uint8Array(bytes);
        const why = "The content of a blob does not match its hash.";
        throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", why, { details: { hash, path } });
      }),
    has: (tenantId, hash) =>
      mapped(async () => {
        const path = pathOf(tenantId, hash);
        return path !== undefined && (await orUndefined(stat(path))) !== undefined;
      }),
    delete: (tenantId, hash) =>
      mapped(async () => {
        const path = pathOf(tenantId, hash);
        if (path === undefined) return false;
        const removed = await orUndefined(rm(path).then(() => true));
        if (removed === true && sync) await syncDirectory(dirname(path));
        return removed === true;
      }),
    list: (tenantId, { after = "", limit }) =>
      mapped(async () => {
        const hashes: string[] = [];
        const folder = tenantFolder(tenantId);
        for (const start of await namesIn(folder)) {
          if (hashes.length >= limit) break;
          if (start < after.slice(0, 2)) continue;
          const names = await namesIn(join(folder, start));
          hashes.push(...names.filter((name) => HASH.test(name) && name > after));
        }
        return hashes.slice(0, limit);
      }),
  };
}

/** Whether the file is there and sound: bytes put again mend a damaged file. */
async function holds(path: string, hash: string): Promise<boolean> {
  const bytes = await orUndefined(readFile(path));
  return bytes !== undefined && sha256(bytes) === hash;
}

async function write(root: string, path: string, bytes: Buffer, sync: boolean): Promise<void> {
  const incoming = join(root, "new");
  await mkdir(incoming, { recursive: true });
  const made = await mkdir(dirname(path), { recursive: true });
  const temporary = join(incoming, randomUUID());
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (!sync) return;
  const folder = dirname(path);
  const folders = [folder, dirname(folder), root, dirname(root)];
  for (const each of made === undefined ? [folder] : folders) await syncDirectory(each);
}

/** Has a directory's entries reach the disk; where directories can't be synced, that is its nature. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return ((await orUndefined(readdir(folder))) ?? []).sort();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
