import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** Model files are large; bigger pieces than the default of 64 KiB halve the time. */
const PIECE_BYTES = 4 * 1_048_576;

/**
 * SHA-256 of a file as 64 hex digits.
 *
 * @param onProgress told how much of it is done, from 0 to 1
 */
export async function hashFile(
  path: string,
  signal?: AbortSignal,
  onProgress?: (done: number) => void,
): Promise<string> {
  const { size } = await stat(path);
  const hash = createHash("sha256");
  let done = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES, signal })) {
    const bytes = piece as Buffer;
    hash.update(bytes);
    done += bytes.length;
    onProgress?.(done / size);
  }
  return hash.digest("hex");
}
