import { command } from "../command.ts";
import { assertAskable, confirm } from "../confirm.ts";
import { payloadText } from "../describe-memory.ts";
import { notFound } from "../failure.ts";
import { counted } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";

/** Memories named before the question; more would push it off the screen. */
const NAMED = 5;

export const eraseCommand = command({
  name: "erase",
  summary: "destroy memories with all their versions",
  usage: "ID...",
  arguments: { min: 1, max: 1_000 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    yes: { type: "boolean", short: "y", about: "do not ask" },
  },
  examples: [
    { line: "erase 6f1c0c9e-...", about: "asks first" },
    { line: "erase 6f1c0c9e-... --yes", about: "for scripts" },
  ],
  details:
    "What stays is the line of the log that somebody erased this id. It can't be undone; to " +
    "hide a memory only, use `memcube forget`.",
  run: async (context, { values, arguments: ids }) => {
    const { database, out, notes, json, signal } = context;
    if (values.yes !== true) assertAskable(context);
    const cube = await database.cube(values.cube);
    if (values.yes !== true) {
      const memories = await cube.getMany(ids);
      if (memories.length === 0) throw missing(cube.id, ids);
      for (const { payload } of memories.slice(0, NAMED)) {
        notes.output.line(`  ${oneLine(payloadText(payload)).slice(0, 200)}`);
      }
      if (memories.length > NAMED) notes.output.line(`  and ${memories.length - NAMED} more`);
      const what = counted(memories.length, "memory", "memories");
      await confirm(context, `Destroy ${what} in ${oneLine(cube.id)} with all versions?`);
    }
    const erased = await cube.erase(ids, { signal });
    if (json) out.json({ erased });
    else for (const id of erased) out.line(id);
    if (erased.length === 0) throw missing(cube.id, ids);
    notes.note(`${counted(erased.length, "memory", "memories")} destroyed`);
    return undefined;
  },
});

function missing(cubeId: string, ids: readonly string[]): Error {
  return notFound(`None of ${counted(ids.length, "id")} is a memory of cube ${oneLine(cubeId)}.`);
}
