import { command } from "../command.ts";
import { counted } from "../format-values.ts";

export const forgetCommand = command({
  name: "forget",
  summary: "hide memories from search and lists; their history stays",
  usage: "ID...",
  arguments: { min: 1, max: 1_000 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    note: { type: "string", value: "TEXT", about: "why, for the history" },
  },
  examples: [
    { line: 'forget 6f1c0c9e-... --note "not true any more"', about: "no longer found" },
    { line: "rollback 6f1c0c9e-... 1", about: "brings it back" },
  ],
  details: "To destroy what a memory says, with all its versions, use `memcube erase`.",
  run: async ({ database, out, notes, json, signal }, { values, arguments: ids }) => {
    const cube = await database.cube(values.cube);
    const note = values.note === undefined ? {} : { note: values.note };
    for (const id of ids) {
      const memory = await cube.forget(id, { signal, ...note });
      if (json) out.json(memory);
      else out.line(memory.header.id);
    }
    notes.note(`${counted(ids.length, "memory", "memories")} forgotten`);
    return undefined;
  },
});
