import { command } from "../command.ts";
import { payloadText } from "../describe-memory.ts";
import { notFound } from "../failure.ts";
import { formatSecond } from "../format-values.ts";
import { oneLine, plainText } from "../plain-text.ts";
import { whoChanged } from "../who-changed.ts";

export const historyCommand = command({
  name: "history",
  summary: "show the versions of a memory, newest first, with who and when",
  usage: "ID",
  arguments: { min: 1, max: 1 },
  options: { cube: { type: "string", value: "ID", about: "cube (default: your own)" } },
  examples: [
    { line: "history 6f1c0c9e-...", about: "all versions" },
    { line: "history 6f1c0c9e-... --json", about: "one version on each line" },
  ],
  run: async ({ database, out, json, quiet, signal }, { values, arguments: [id = ""] }) => {
    const cube = await database.cube(values.cube);
    const versions = await cube.history(id);
    if (versions.length === 0) {
      throw notFound(
        `No memory ${oneLine(id)} in cube ${cube.id}.`,
        "`memcube list` shows ids; --cube names another cube.",
      );
    }
    const authors =
      json || quiet ? new Map<number, string>() : await whoChanged(cube, versions, signal);
    for (const memory of versions) {
      const { header, version, payload, note } = memory;
      if (json) {
        out.json(memory);
        continue;
      }
      if (quiet) {
        out.line(String(version.number));
        continue;
      }
      const who = authors.get(version.fromSeq);
      const current = version.toSeq === undefined ? ", current" : "";
      const by = who === undefined ? "" : ` by ${oneLine(who)}`;
      const head = `version ${version.number}${current} · ${formatSecond(header.updatedAt)}${by}`;
      out.line(`${out.style("bold", head)} · ${header.state}`);
      for (const line of plainText(payloadText(payload)).split("\n")) out.line(`  ${line}`);
      if (note !== undefined) out.line(out.style("dim", `  note: ${oneLine(note)}`));
    }
    return undefined;
  },
});
