import { readFile, stat, writeFile } from "node:fs/promises";
import { z } from "zod";

const noteSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Engine builds that have loaded the file in a process of its own. */
  tried: z.array(z.string()),
  sizeBytes: z.int(),
  modifiedNs: z.string(),
  changedNs: z.string(),
});

/** What is known of a model file as it lies there. */
export interface ModelNote {
  readonly sha256: string;
  readonly tried: readonly string[];
}

/**
 * What was noted of a model file, in `<file>.memcube.json` beside it; `undefined` when nothing was, or
 * when the file was touched since.
 */
export async function readNote(path: string): Promise<ModelNote | undefined> {
  try {
    const note = noteSchema.parse(JSON.parse(await readFile(notePath(path), "utf8")));
    const { sha256, tried, ...seen } = note;
    const same = JSON.stringify(seen) === JSON.stringify(await describeFile(path));
    return same ? { sha256, tried } : undefined;
  } catch {
    // None yet, or not one of ours: the file itself is what counts.
    return undefined;
  }
}

/** Notes it beside the file. In a folder that can't be written to, the next start finds out again. */
export async function writeNote(path: string, note: ModelNote): Promise<void> {
  const text = JSON.stringify({ ...note, ...(await describeFile(path)) });
  await writeFile(notePath(path), text).catch(() => undefined);
}

function notePath(path: string): string {
  return `${path}.memcube.json`;
}

async function describeFile(path: string) {
  const { size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { sizeBytes: Number(size), modifiedNs: `${mtimeNs}`, changedNs: `${ctimeNs}` };
}
