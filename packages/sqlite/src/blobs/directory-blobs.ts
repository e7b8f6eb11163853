import { type BlobStore, MemCubeError } from "@memcube/core";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { BlobPaths, isBlobName } from "./blob-paths.ts";
import { hashOf, readAndHash, syncDirectory, writeNew } from "./file-bytes.ts";
import { fileError, fileErrorCode } from "./file-errors.ts";

interface Options {
  readonly directory: string;
  /** Whether bytes and names must survive a power failure. */
  readonly sync: boolean;
}

/**
 * The blob port on files, from the main thread: `node:fs/promises` does its work in libuv's pool, so
 * that a KV state of a gigabyte holds up neither the event loop nor the thread that has the database.
 */
export function directoryBlobs({ directory, sync }: Options): BlobStore {
  const paths = new BlobPaths(directory);
  return {
    put: (tenantId, bytes) => mapped(() => put(paths, tenantId, bytes, sync)),
    get: (tenantId, hash, { unverified = false } = {}) =>
      mapped(() => (unverified ? read : get)(paths, tenantId, hash)),
    has: (tenantId, hash) =>
      mapped(async () => (await sizeOf(paths, tenantId, hash)) !== undefined),
    delete: (tenantId, hash) => mapped(() => remove(paths, tenantId, hash, sync)),
    list: (tenantId, query) => mapped(() => list(paths.tenant(tenantId), query)),
  };

  async function mapped<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw fileError(error, directory);
    }
  }
}

async function put(paths: BlobPaths, tenantId: string, bytes: Uint8Array, sync: boolean) {
  const hash = await hashOf(bytes);
  const sizeBytes = bytes.length;
  const path = paths.blob(tenantId, hash);
  if (path === undefined) throw new TypeError("a hash that is none");
  if (await holds(path, hash, sizeBytes)) return { hash, sizeBytes };
  await mkdir(paths.incoming, { recursive: true });
  const made = await mkdir(dirname(path), { recursive: true });
  const temporary = join(paths.incoming, `${hash}.${randomUUID()}`);
  try {
    await writeNew(temporary, bytes, sync);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (sync) await syncNames(paths, path, made !== undefined);
  return { hash, sizeBytes };
}

/** Whether the file is there and sound: bytes put again mend a damaged file. */
async function holds(path: string, hash: string, sizeBytes: number): Promise<boolean> {
  const found = await orUndefined(readAndHash(path, { keep: false }));
  return found?.hash === hash && found.sizeBytes === sizeBytes;
}

async function syncNames(paths: BlobPaths, path: string, newFolder: boolean): Promise<void> {
  const folder = dirname(path);
  await syncDirectory(folder);
  if (!newFolder) return;
  await syncDirectory(dirname(folder));
  await syncDirectory(paths.root);
  await syncDirectory(dirname(paths.root));
}

/** The bytes as they are, for who checks them: hashing a large blob takes longer than reading it. */
async function read(
  paths: BlobPaths,
  tenantId: string,
  hash: string,
): Promise<Uint8Array | undefined> {
  const path = paths.blob(tenantId, hash);
  return path === undefined ? undefined : await orUndefined(readFile(path));
}

async function get(
  paths: BlobPaths,
  tenantId: string,
  hash: string,
): Promise<Uint8Array | undefined> {
  const path = paths.blob(tenantId, hash);
  const found =
    path === undefined ? undefined : await orUndefined(readAndHash(path, { keep: true }));
  if (found === undefined || found.hash === hash) return found?.bytes;
  throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", "The content of a blob does not match its hash.", {
    details: { hash, path },
  });
}

async function sizeOf(
  paths: BlobPaths,
  tenantId: string,
  hash: string,
): Promise<number | undefined> {
  const path = paths.blob(tenantId, hash);
  return path === undefined ? undefined : (await orUndefined(stat(path)))?.size;
}

async function remove(
  paths: BlobPaths,
  tenantId: string,
  hash: string,
  sync: boolean,
): Promise<boolean> {
  const path = paths.blob(tenantId, hash);
  if (path === undefined) return false;
  const removed = await orUndefined(rm(path).then(() => true));
  if (removed === true && sync) await syncDirectory(dirname(path));
  return removed === true;
}

async function list(
  folder: string,
  { after = "", limit }: { readonly after?: string; readonly limit: number },
): Promise<string[]> {
  const hashes: string[] = [];
  for (const start of await namesIn(folder)) {
    if (hashes.length >= limit) break;
    if (start < after.slice(0, 2)) continue;
    const names = await namesIn(join(folder, start));
    hashes.push(...names.filter((name) => isBlobName(name) && name > after));
  }
  return hashes.slice(0, limit);
}

async function namesIn(folder: string): Promise<string[]> {
  return ((await orUndefined(readdir(folder))) ?? []).sort();
}

/** A file that is not there is `undefined`, no error. */
async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
