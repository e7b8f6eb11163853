import { MemCubeError } from "@memcube/core";
import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Worker } from "node:worker_threads";

import type { BackupWorkerOptions, FromBackupWorker } from "./backup-worker.ts";
import { copyNewBlobs } from "./blobs/copy-blobs.ts";
import { syncDirectory, syncFile } from "./blobs/file-bytes.ts";
import { fileError } from "./blobs/file-errors.ts";
import { errorOf } from "./failure.ts";
import type { ParsedOptions } from "./options.ts";
import { threadModule } from "./thread-module.ts";

/** How a backup reports and is stopped. */
export interface BackupOptions {
  /** Called now and then: pages and blobs copied, of how many so far. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

type Source = Pick<ParsedOptions, "path" | "blobDirectory" | "busyTimeoutMs">;

/**
 * Copies database and blobs under other names, checks the database, then gives both their names: the
 * database last, so that where it stands the backup is whole.
 *
 * Blobs are copied before the database and again, those that are new, after it: what the copy refers
 * to was there in one of the two moments.
 */
export async function backupTo(
  target: string,
  source: Source,
  { onProgress = () => {}, signal }: BackupOptions,
): Promise<void> {
  if (source.path === ":memory:") {
    throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", "A database in RAM has no backup.");
  }
  const path = resolve(target);
  const partial = `${path}.${randomUUID()}.partial`;
  const progress = progressOf(onProgress);
  const copyBlobs = (): Promise<void> =>
    copyNewBlobs(source.blobDirectory, `${partial}.blobs`, { progress: progress.blobs, signal });
  try {
    signal?.throwIfAborted();
    await refuseExisting(path, `${path}.blobs`);
    await mkdir(dirname(path), { recursive: true });
    await copyBlobs();
    await copyDatabase(source, partial, progress.pages, signal);
    await copyBlobs();
    await syncFile(partial);
    await rename(`${partial}.blobs`, `${path}.blobs`);
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    for (const end of ["", "-journal", "-wal", "-shm", ".blobs"]) {
      await rm(`${partial}${end}`, { recursive: true, force: true });
    }
    throw signal?.aborted === true ? error : fileError(error, path);
  }
}

async function refuseExisting(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    const why = "There is something at the path of the backup already.";
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", why, { details: { path } });
  }
}

interface Count {
  done: number;
  total: number;
}

/** Adds up pages and blobs. */
function progressOf(report: NonNullable<BackupOptions["onProgress"]>) {
  const pages: Count = { done: 0, total: 0 };
  const blobs: Count = { done: 0, total: 0 };
  const into = (count: Count) => (now: Readonly<Count>) => {
    Object.assign(count, now);
    report({ done: pages.done + blobs.done, total: pages.total + blobs.total });
  };
  return { pages: into(pages), blobs: into(blobs) };
}

/** Copies the database in a thread of its own; aborting ends the thread. */
async function copyDatabase(
  { path, busyTimeoutMs }: Source,
  target: string,
  progress: (now: Readonly<Count>) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const workerData: BackupWorkerOptions = { path, target, busyTimeoutMs };
  const { url, execArgv } = threadModule("backup-worker", import.meta.url);
  const worker = new Worker(url, { workerData, execArgv, name: "memcube-backup" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener("abort", abort, { once: true });
  worker.on("error", reject);
  worker.on("exit", (code) => reject(new Error(`the thread ended with code ${code}`)));
  worker.on("message", (message: FromBackupWorker) => {
    if ("finished" in message) resolve();
    else if ("failed" in message) reject(errorOf(message.failed));
    else progress(message);
  });
  try {
    signal?.throwIfAborted();
    await promise;
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}
