import { open, rename, rm } from "node:fs/promises";

import type { MemCube } from "@memcube/core";

import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { counted, formatDuration } from "../format-values.ts";
import { oneLine, safeJson } from "../plain-text.ts";

export const exportCommand = command({
  name: "export",
  summary: "write every memory as JSON lines",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    out: { type: "string", short: "o", value: "FILE", about: "write here, not to standard output" },
    force: { type: "boolean", about: "replace FILE when it is there" },
  },
  examples: [
    { line: "export --out ada.jsonl", about: "a file; it appears when it is complete" },
    { line: "export | gzip > ada.jsonl.gz", about: "through a pipe" },
    { line: "import ada.jsonl --db other.db", about: "takes it in again, ids kept" },
  ],
  details:
    "Ids, sources, times and labels are kept; versions before the current ones, and the log, " +
    "are not: `memcube backup` copies everything.",
  run: async (context, { values }) => {
    const { out, notes, database } = context;
    const cube = await database.cube(values.cube);
    const started = performance.now();
    const { out: target } = values;
    let count = 0;
    if (target === undefined) {
      for await (const line of cube.export({ signal: context.signal })) {
        out.json(line);
        await out.caughtUp();
        count++;
      }
      await out.finished();
      context.signal.throwIfAborted();
    } else {
      count = await writeFile(context, cube, target, values.force === true);
      if (context.json) out.json({ file: target, cubeId: cube.id, memories: count });
    }
    const ms = formatDuration(performance.now() - started);
    notes.note(`${counted(count, "memory", "memories")} of ${cube.id} written (${ms})`);
    return undefined;
  },
});

/**
 * Writes beside the target and renames at the end: a broken export never looks like a whole one.
 */
async function writeFile(
  context: Context,
  cube: MemCube,
  target: string,
  replace: boolean,
): Promise<number> {
  const part = `${target}.part`;
  if (!replace) await claim(target);
  const progress = context.progress("exporting");
  const file = await open(part, "w");
  let count = 0;
  try {
    let batch = "";
    for await (const line of cube.export({ signal: context.signal })) {
      batch += `${safeJson(line)}\n`;
      count++;
      if (batch.length < 65_536) continue;
      await file.write(batch);
      batch = "";
      progress.update(count, 0);
    }
    await file.write(batch);
    await file.sync();
    await file.close();
    await rename(part, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    if (!replace) await rm(target, { force: true });
    throw error;
  } finally {
    progress.end();
  }
  return count;
}

/** Makes the target, empty, if it is not there: two exports can't both think it is theirs. */
async function claim(target: string): Promise<void> {
  try {
    await (await open(target, "wx")).close();
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "EEXIST") throw error;
    throw new Failure(EXIT.failed, `${oneLine(target)} is there already.`, "--force replaces it.");
  }
}
