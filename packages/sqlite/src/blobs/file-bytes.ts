import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

/** Bytes hashed or moved before other work gets its turn: well under a millisecond. */
const SLICE_BYTES = 1_048_576;

/** SHA-256 as hex, with a break after each slice so that the event loop stays free. */
export async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    if (start > 0) await setImmediate();
    hash.update(bytes.subarray(start, start + SLICE_BYTES));
  }
  return hash.digest("hex");
}

/** A whole file with its SHA-256; `bytes` is left out when they are not wanted. */
export async function readAndHash(
  path: string,
  options: { readonly keep: boolean },
): Promise<{ readonly hash: string; readonly sizeBytes: number; readonly bytes?: Uint8Array }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(options.keep ? size : Math.min(size, SLICE_BYTES));
    const hash = createHash("sha256");
    let position = 0;
    while (position < size) {
      const slice = options.keep ? bytes.subarray(position, position + SLICE_BYTES) : bytes;
      const { bytesRead } = await file.read(slice, 0, slice.length, position);
      if (bytesRead === 0) break;
      hash.update(slice.subarray(0, bytesRead));
      position += bytesRead;
    }
    const result = { hash: hash.digest("hex"), sizeBytes: position };
    return options.keep ? { ...result, bytes } : result;
  } finally {
    await file.close();
  }
}

/** Writes a new file and, for `power`, has it reach the disk. */
export async function writeNew(path: string, bytes: Uint8Array, sync: boolean): Promise<void> {
  const file: FileHandle = await open(path, "wx");
  try {
    for (let position = 0; position < bytes.length;) {
      const slice = bytes.subarray(position, position + SLICE_BYTES);
      position += (await file.write(slice, 0, slice.length, position)).bytesWritten;
    }
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

/** Has a file's content reach the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Has a directory's entries reach the disk; where directories can't be synced, that is its nature. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
