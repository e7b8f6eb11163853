import { command } from "../command.ts";
import { usageError } from "../failure.ts";
import { wholeNumber } from "../parse-arguments.ts";

export const rollbackCommand = command({
  name: "rollback",
  summary: "restore an earlier version as a new one; brings back what was forgotten",
  usage: "ID VERSION",
  arguments: { min: 2, max: 2 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    note: { type: "string", value: "TEXT", about: "why, for the history" },
    expect: { type: "string", value: "N", about: "only if it is at this version" },
  },
  examples: [{ line: "rollback 6f1c0c9e-... 1", about: "as it was first; nothing is lost" }],
  run: async (
    { database, out, notes, json, signal },
    { values, arguments: [id = "", version] },
  ) => {
    const range = { min: 1, max: Number.MAX_SAFE_INTEGER };
    const wanted = wholeNumber(version, "VERSION", range);
    if (wanted === undefined) throw usageError("rollback needs ID VERSION.");
    const expectedVersion = wholeNumber(values.expect, "--expect", range);
    const cube = await database.cube(values.cube);
    const memory = await cube.rollback(id, wanted, {
      signal,
      ...(values.note === undefined ? {} : { note: values.note }),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    });
    if (json) out.json(memory);
    else out.line(memory.header.id);
    notes.note(`version ${wanted} restored as version ${memory.version.number}`);
    return undefined;
  },
});
