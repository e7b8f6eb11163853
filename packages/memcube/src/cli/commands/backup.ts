import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { command } from "../command.ts";
import { formatBytes, formatDuration } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";

export const backupCommand = command({
  name: "backup",
  summary: "copy the whole file while it is in use",
  usage: "FILE",
  arguments: { min: 1, max: 1 },
  options: {},
  examples: [
    { line: "backup memory-backup.db", about: "cubes, versions, logs of all users" },
    { line: "verify --all --db memory-backup.db", about: "checks the copy" },
  ],
  details:
    "The copy opens like any other file. Older history lies in the folder FILE.blobs beside " +
    "it when there is any; keep both together. An existing FILE is never replaced.",
  run: async (context, { arguments: [target = ""] }) => {
    const { out, notes, json, quiet, signal, database } = context;
    const { storage } = await database.open();
    const progress = context.progress("copying");
    const started = performance.now();
    try {
      await storage.backup(resolve(target), {
        signal,
        onProgress: ({ done, total }) => progress.update(done, total),
      });
    } finally {
      progress.end();
    }
    const ms = performance.now() - started;
    const { size } = await stat(resolve(target));
    if (json) out.json({ file: target, bytes: size, ms });
    else if (!quiet) out.line(oneLine(target));
    notes.note(`${formatBytes(size)} copied (${formatDuration(ms)})`);
    return undefined;
  },
});
