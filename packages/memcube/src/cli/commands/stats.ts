import { stat } from "node:fs/promises";

import { alignColumns } from "../columns.ts";
import { command } from "../command.ts";
import { formatBytes } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";

export const statsCommand = command({
  name: "stats",
  summary: "count memories, versions, commits and bytes",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: { cube: { type: "string", value: "ID", about: "cube (default: your own)" } },
  examples: [{ line: "stats --cube team --json", about: "for monitoring" }],
  run: async ({ database, out, json }, { values }) => {
    const { storage } = await database.open();
    const cube = await database.cube(values.cube);
    const [stats, position] = [await cube.stats(), await cube.position()];
    const fileBytes = await sizeOf(database.path);
    const logBytes = await sizeOf(`${database.path}-wal`);
    const { durability } = storage.vault.capabilities;
    if (json) {
      out.json({ cubeId: cube.id, ...stats, position, durability, fileBytes, logBytes });
      return undefined;
    }
    const rows = [
      ["cube", oneLine(cube.id)],
      ["memories", stats.memories.toLocaleString("en-US")],
      ["versions", stats.versions.toLocaleString("en-US")],
      ["vectors", stats.vectors.toLocaleString("en-US")],
      ["commits", `${position.seq.toLocaleString("en-US")} (${stats.commits} of them at hand)`],
      ["history", `${stats.segments} archived segments`],
      ["content", formatBytes(stats.contentBytes)],
      ["position", `${position.seq} ${position.head.slice(0, 12)}`],
      [
        "file",
        `${oneLine(database.name)}, ${formatBytes(fileBytes)} + ${formatBytes(logBytes)} log`,
      ],
      ["durability", durability],
    ];
    for (const line of alignColumns(rows)) out.line(line);
    return undefined;
  },
});

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
