import type { CreateCubeOptions, CubeHeader } from "@memcube/core";

import { alignColumns } from "../columns.ts";
import { command, type OptionValues } from "../command.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { counted, formatTime } from "../format-values.ts";
import { visibleCubes } from "../owned-cubes.ts";
import { oneLine } from "../plain-text.ts";
import { suggest } from "../suggest.ts";

const OPTIONS = {
  title: { type: "string", value: "TEXT", about: "title (create, share)" },
  allow: {
    type: "string",
    multiple: true,
    value: "WHO",
    about: "may read: user:NAME, role:NAME, agent:NAME or everyone; replaces the list",
  },
  deny: { type: "string", multiple: true, value: "WHO", about: "may not, whatever allows them" },
  writer: { type: "string", multiple: true, value: "WHO", about: "may write" },
  yes: { type: "boolean", short: "y", about: "do not ask (delete)" },
} as const;

type Values = OptionValues<typeof OPTIONS>;
type Action = (context: Context, id: string, values: Values) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { create, share, delete: remove };

export const cubesCommand = command({
  name: "cubes",
  summary: "list the cubes you may see; create, share or delete one",
  usage: "[create|share|delete ID]",
  arguments: { min: 0, max: 2 },
  options: OPTIONS,
  examples: [
    { line: "cubes", about: "what you may see" },
    { line: "cubes create team --allow role:team --writer role:team", about: "a shared cube" },
    { line: "cubes share team --allow everyone", about: "change who may read" },
    { line: "cubes delete team", about: "destroy a cube with everything in it; asks first" },
  ],
  run: async (context, { values, arguments: [action, id] }) => {
    if (action === undefined) return await list(context);
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (run === undefined) {
      const close = suggest(action, Object.keys(ACTIONS));
      const guess = close === undefined ? "" : ` Did you mean ${close}?`;
      throw usageError(`cubes does not know ${oneLine(action)}.${guess}`);
    }
    if (id === undefined) throw usageError(`cubes ${action} needs the ID of a cube.`);
    await run(context, id, values);
    return undefined;
  },
});

async function list({ database, out, notes, json, quiet }: Context): Promise<undefined> {
  const { me } = await database.open();
  const rows: string[][] = [];
  let count = 0;
  let own = 0;
  for await (const header of visibleCubes(me)) {
    count++;
    if (header.owner === `user:${database.caller.userId}`) own++;
    if (json) out.json(header);
    else if (quiet) out.line(header.cubeId);
    else rows.push(rowOf(header));
  }
  for (const line of alignColumns(rows, out.columns)) out.line(line);
  notes.note(`${counted(count, "cube")}, ${own} of them yours`);
}

function rowOf({ cubeId, owner, allow, updatedAt, title }: CubeHeader): string[] {
  const readers = allow.length === 0 ? "private" : `read by ${allow.join(", ")}`;
  return [cubeId, owner, readers, formatTime(updatedAt), title ?? ""].map(oneLine);
}

async function create({ database, out, notes, json }: Context, id: string, values: Values) {
  const { me } = await database.open({ create: true });
  const cube = await me.createCube(id, optionsOf(values));
  if (json) out.json(await cube.header());
  else out.line(cube.id);
  notes.note(`cube ${cube.id} created`);
}

async function share({ database, out, notes, json }: Context, id: string, values: Values) {
  const patch = optionsOf(values);
  if (Object.keys(patch).length === 0) {
    throw usageError("There is nothing to change.", "Give --allow, --deny, --writer or --title.");
  }
  const cube = await database.cube(id);
  const header = await cube.configure(patch);
  if (json) out.json(header);
  else out.line(rowOf(header).join("  ").trimEnd());
  notes.note("who may read and write was changed in one commit");
}

async function remove(context: Context, id: string, values: Values) {
  const { database, out, notes, json } = context;
  const cube = await database.cube(id);
  if (values.yes !== true) {
    const { memories } = await cube.stats();
    const what = counted(memories, "memory", "memories");
    await confirm(context, `Destroy cube ${oneLine(id)} with ${what}, history and log?`);
  }
  const { me } = await database.open();
  await me.deleteCube(id);
  if (json) out.json({ deleted: id });
  else out.line(id);
  notes.note(`cube ${id} destroyed`);
}

function optionsOf({ title, allow, deny, writer }: Values): CreateCubeOptions {
  // The library checks what a principal looks like, and says so.
  type Principals = NonNullable<CreateCubeOptions["allow"]>;
  const principals = (list: readonly string[]) => [...list] as Principals;
  return {
    ...(title === undefined ? {} : { title }),
    ...(allow === undefined ? {} : { allow: principals(allow) }),
    ...(deny === undefined ? {} : { deny: principals(deny) }),
    ...(writer === undefined ? {} : { writers: principals(writer) }),
  };
}
