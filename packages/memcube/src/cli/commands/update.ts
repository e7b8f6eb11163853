import type { UpdatePatch } from "@memcube/core";

import { command } from "../command.ts";
import { usageError } from "../failure.ts";
import { moment, oneOf, wholeNumber } from "../parse-arguments.ts";
import { readInput } from "../read-input.ts";

export const updateCommand = command({
  name: "update",
  summary: "write a new version of a memory",
  usage: "ID [TEXT]",
  arguments: { min: 1, max: 2 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    mode: {
      type: "string",
      value: "NAME",
      about:
        "merge (default): replace the text, add tags; append: add below; overwrite: replace all",
    },
    tag: { type: "string", multiple: true, value: "NAME", about: "tag" },
    "valid-to": { type: "string", value: "TIME", about: "when it stopped being true" },
    note: { type: "string", value: "TEXT", about: "why, for the history" },
    expect: { type: "string", value: "N", about: "only if it is at this version" },
    freeze: { type: "boolean", about: "refuse later changes" },
    unfreeze: { type: "boolean", about: "allow changes again" },
  },
  examples: [
    { line: 'update 6f1c0c9e-... "I live in Lisbon"', about: "a new text; the old one is kept" },
    { line: 'update 6f1c0c9e-... --tag home --note "sorted"', about: "a tag, and why" },
    { line: "update 6f1c0c9e-... - < text.txt", about: "the text from standard input" },
  ],
  details: "The versions before it stay: see `memcube history` and `memcube rollback`.",
  run: async (context, { values, arguments: [id = "", given] }) => {
    const { out, notes, json, signal, input, now } = context;
    const mode = oneOf(values.mode, "--mode", ["merge", "append", "overwrite"]);
    const expectedVersion = wholeNumber(values.expect, "--expect", {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    });
    const validTo = moment(values["valid-to"], "--valid-to", now());
    if (values.freeze === true && values.unfreeze === true) {
      throw usageError("--freeze and --unfreeze exclude each other.");
    }
    const patch: UpdatePatch = {
      ...(given === undefined ? {} : { text: await textOf(given, input, signal) }),
      ...(values.tag === undefined ? {} : { tags: [...values.tag] }),
      ...(validTo === undefined ? {} : { validTo }),
      ...(values.freeze === true ? { frozen: true } : {}),
      ...(values.unfreeze === true ? { frozen: false } : {}),
    };
    if (Object.keys(patch).length === 0) {
      throw usageError(
        "There is nothing to change.",
        "Give a text, --tag, --valid-to or --freeze.",
      );
    }
    const cube = await context.database.cube(values.cube);
    const memory = await cube.update(
      id,
      values.note === undefined ? patch : { ...patch, note: values.note },
      {
        signal,
        ...(mode === undefined ? {} : { mode }),
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      },
    );
    if (json) out.json(memory);
    else out.line(memory.header.id);
    notes.note(`now at version ${memory.version.number}`);
    return undefined;
  },
});

async function textOf(
  given: string,
  input: NodeJS.ReadStream,
  signal: AbortSignal,
): Promise<string> {
  if (given !== "-") return given;
  const { bytes } = await readInput("-", input, signal);
  return new TextDecoder().decode(bytes).trim();
}
