import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { z } from "zod";

const noteSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int(),
  modifiedNs: z.string(),
  changedNs: z.string(),
});

/** Model files are large; bigger pieces than the default of 64 KiB halve the time. */
const PIECE_BYTES = 4 * 1_048_576;

export interface HashOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * SHA-256 of a model file. It is noted beside the file (`<file>.sha256.json`) together with size and
 * times, so that it is computed once per file and not once per start; a file that was touched since is
 * hashed again. A folder that can't be written to costs the time, nothing else.
 */
export async function hashModel(path: string, options: HashOptions = {}): Promise<string> {
  const { signal, onProgress } = options;
  const before = await describeFile(path);
  const noted = await readNote(path);
  const { sha256, ...seen } = noted ?? { sha256: undefined };
  if (sha256 !== undefined && JSON.stringify(seen) === JSON.stringify(before)) return sha256;

  const hash = createHash("sha256");
  let done = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES, signal })) {
    const bytes = piece as Buffer;
    hash.update(bytes);
    done += bytes.length;
    onProgress?.(done / before.sizeBytes);
  }
  const digest = hash.digest("hex");
  await writeFile(notePath(path), JSON.stringify({ sha256: digest, ...before })).catch(() => {
    // A read-only folder: the next start hashes again.
  });
  return digest;
}

function notePath(path: string): string {
  return `${path}.sha256.json`;
}

async function describeFile(path: string) {
  const { size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { sizeBytes: Number(size), modifiedNs: `${mtimeNs}`, changedNs: `${ctimeNs}` };
}

async function readNote(path: string): Promise<z.infer<typeof noteSchema> | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(notePath(path), "utf8")));
  } catch {
    // None yet, or not one of ours: the file itself is what counts.
    return undefined;
  }
}
