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

/**
 * Opens a scratch file and, where the system can name open files, takes its name away at once: nobody
 * else can change what was verified before llama.cpp reads it, and a process that dies leaves nothing.
 */
export async function openScratch(folder: string): Promise<ScratchFile> {
  const named = join(folder, `memcube-kv-${process.pid}-${randomUUID()}`);
  const file = await open(named, "wx+", 0o600);
  const path = `/proc/self/fd/${file.fd}`;
  const nameless = process.platform === "linux" && existsSync(path);
  if (nameless) await rm(named);
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

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
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
