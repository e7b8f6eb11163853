import { randomUUID } from "node:crypto";
import { constants, existsSync, readSync } from "node:fs";
import { access, type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ByteSource } from "./state-file.ts";

/** Most buffers that one `writev` takes on Linux (IOV_MAX). */
const PIECES = 1_024;
const RAM_DISK = "/dev/shm";

/** A file that lives as long as it is open, for what passes between us and llama.cpp. */
export interface ScratchFile {
  /** Where llama.cpp finds it. */
  readonly path: string;
  write(chunks: readonly Uint8Array[]): Promise<void>;
  read(): Promise<Buffer>;
  /** The file as it is now. */
  source(): Promise<ByteSource>;
  close(): Promise<void>;
}

/** Folders for scratch files, the RAM disk first where there is one. */
export async function scratchFolders(chosen?: string): Promise<readonly string[]> {
  if (chosen !== undefined) return [chosen];
  return (await isWritable(RAM_DISK)) ? [RAM_DISK, tmpdir()] : [tmpdir()];
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Linux: a file that never has a name. Not every file system can. */
const NAMELESS = 0o20000000 | constants.O_DIRECTORY | constants.O_RDWR;

/**
 * Opens a scratch file and, where the system can name open files, without a name of its own: nobody else
 * can change what was verified before llama.cpp reads it, and a process that dies leaves nothing.
 */
export async function openScratch(
  folder: string,
  hidesNames = process.platform === "linux",
): Promise<ScratchFile> {
  const named = join(folder, `memcube-kv-${process.pid}-${randomUUID()}`);
  const unnamed = hidesNames
    ? await open(folder, NAMELESS, 0o600).catch(() => undefined)
    : undefined;
  const file = unnamed ?? (await open(named, "wx+", 0o600));
  const path = `/proc/self/fd/${file.fd}`;
  const nameless = hidesNames && existsSync(path);
  if (nameless && unnamed === undefined) await rm(named);
  return {
    path: nameless ? path : named,
    write: async (chunks) => await writeAll(file, chunks),
    read: async () => await readAll(file),
    source: async () => fileSource(file.fd, (await file.stat()).size),
    close: async () => {
      await file.close();
      if (!nameless) await rm(named, { force: true });
    },
  };
}

/** How long an idle file keeps its bytes. */
const IDLE_MS = 10_000;

/**
 * Keeps the file that was used last, since most of what writing one costs is the making of its RAM: what
 * is written over a file that is there takes a third.
 */
export class ScratchPool {
  readonly #folders: readonly string[];
  #idle: ScratchFile | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /**
   * A file with these bytes, in the first folder that has room for them; `undefined` when none has.
   * It belongs to the caller until it is given back or closed.
   */
  async write(chunks: readonly Uint8Array[]): Promise<ScratchFile | undefined> {
    const idle = this.#idle;
    this.#idle = undefined;
    for (const open of [() => idle, ...this.#folders.map((each) => () => openScratch(each))]) {
      let file: ScratchFile | undefined;
      try {
        file = await open();
        if (file === undefined) continue;
        await file.write(chunks);
        return file;
      } catch {
        await file?.close();
      }
    }
    return undefined;
  }

  async giveBack(file: ScratchFile): Promise<void> {
    if (this.#idle !== undefined) {
      await file.close();
      return;
    }
    this.#idle = file;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const idle = this.#idle;
    this.#idle = undefined;
    await idle?.close();
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if ((await file.stat()).size > total) await file.truncate(total);
  let position = 0;
  for (let from = 0; from < chunks.length; from += PIECES) {
    const batch = chunks.slice(from, from + PIECES);
    const wanted = batch.reduce((sum, chunk) => sum + chunk.length, 0);
    const { bytesWritten } = await file.writev(batch, position);
    // A short write means that there is no more room.
    if (bytesWritten !== wanted) throw new Error(`wrote ${bytesWritten} of ${wanted} bytes`);
    position += wanted;
  }
}

async function readAll(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function fileSource(fd: number, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      const got = readSync(fd, bytes, 0, length, offset);
      if (got !== length) throw new Error(`read ${got} of ${length} bytes`);
      return bytes;
    },
  };
}
