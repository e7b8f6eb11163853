import type { AddOptions, AddResult, MemCube } from "@memcube/core";

import { addInput } from "../add-input.ts";
import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { counted, formatDuration } from "../format-values.ts";
import { formatOf, INPUT_FORMATS, type InputFormat } from "../input-format.ts";
import { moment, oneOf } from "../parse-arguments.ts";
import { oneLine } from "../plain-text.ts";
import { type InputFile, readInput } from "../read-input.ts";
import { warnOfRejections } from "../warn-of-rejections.ts";

/** Types that are a text and nothing else. */
const TEXT_TYPES = ["text", "fact", "preference", "event"] as const;
type TextType = (typeof TEXT_TYPES)[number];

export const addCommand = command({
  name: "add",
  summary: "remember texts, files or what comes through standard input",
  usage: "[TEXT...]",
  arguments: { min: 0, max: 1_000 },
  options: {
    cube: { type: "string", value: "ID", about: "cube to add to (default: your own)" },
    file: { type: "string", multiple: true, value: "PATH", about: "a file; - is standard input" },
    session: {
      type: "string",
      value: "ID",
      about: "session in which it was said; plain texts become turns of it",
    },
    tag: { type: "string", multiple: true, value: "NAME", about: "tag" },
    type: { type: "string", value: "TYPE", about: `what a text is: ${TEXT_TYPES.join(", ")}` },
    at: { type: "string", value: "TIME", about: "when it was said (default: now)" },
    key: { type: "string", value: "KEY", about: "your own key: added twice, it is there once" },
    format: {
      type: "string",
      value: "NAME",
      about: `how files are read: ${INPUT_FORMATS.join(", ")} (default: by name or content)`,
    },
    note: { type: "string", value: "TEXT", about: "why, for the history" },
  },
  examples: [
    { line: 'add "I moved to Turin in May"', about: "one memory" },
    { line: 'add --type preference "No meetings before ten"', about: "a preference" },
    { line: "add --file notes.md --tag work", about: "a file, cut into parts" },
    { line: "add --session monday < chat.json", about: "messages from standard input" },
  ],
  details:
    "Prints the id of each memory. Without texts and --file, standard input is read: JSON " +
    "(messages, conversations, payloads), JSON lines, or text. A file that is added again " +
    "brings its parts up to date; messages with ids are taken once.",
  run: async (context, { values, arguments: texts }) => {
    const type = oneOf(values.type, "--type", TEXT_TYPES);
    const format = oneOf(values.format, "--format", INPUT_FORMATS);
    const at = moment(values.at, "--at", context.now());
    const files = values.file ?? (texts.length === 0 ? ["-"] : []);
    if (values.key !== undefined && texts.length + files.length !== 1) {
      throw usageError("--key goes with one text or one file.");
    }
    if (files.includes("-") && values.file === undefined && context.input.isTTY) {
      throw usageError("There is nothing to add.", 'Try: memcube add "I moved to Turin in May"');
    }
    const read = [];
    for (const file of files) read.push(await readInput(file, context.input, context.signal));
    const cube = await context.database.cube(values.cube, { create: true });
    const started = performance.now();
    const options: AddOptions = {
      signal: context.signal,
      ...(values.tag === undefined ? {} : { tags: [...values.tag] }),
      ...(values.key === undefined ? {} : { externalKey: values.key }),
      ...(values.note === undefined ? {} : { note: values.note }),
      ...(values.session === undefined ? {} : { sessionId: values.session }),
      ...(at === undefined ? {} : { at }),
    };
    const results: AddResult[] = [];
    if (texts.length > 0) {
      const pieces = texts.map((text) => pieceOf(text, type, values.session));
      results.push(await cube.add(pieces, options));
    }
    for (const file of read)
      results.push(await addFile(context, cube, file, { options, format, type }));
    return report(context, cube, results, performance.now() - started);
  },
});

/** A text of the command line as the reader takes it. */
function pieceOf(text: string, type: TextType | undefined, session: string | undefined): unknown {
  if (type === undefined) return session === undefined ? text : { role: "user", content: text };
  const payload = { type, text };
  if (session === undefined) return payload;
  return { payload, sources: [{ kind: "message", id: "cli", sessionId: session }] };
}

interface FileReading {
  readonly options: AddOptions;
  readonly format: InputFormat | undefined;
  readonly type: TextType | undefined;
}

async function addFile(
  context: Context,
  cube: MemCube,
  file: InputFile,
  { options, format, type }: FileReading,
): Promise<AddResult> {
  const text = new TextDecoder().decode(file.bytes);
  const plain = (format ?? formatOf(file.name, text)) === "text";
  // Text without a name is no document but something said, as if it stood in the command line.
  if (plain && (file.name === undefined || type !== undefined)) {
    return await cube.add([pieceOf(text.trim(), type, options.sessionId)], options);
  }
  const progress = context.progress(`adding ${oneLine(file.name ?? "standard input")}`);
  try {
    return await addInput(cube, file, { options, format, progress });
  } finally {
    progress.end();
  }
}

function report(
  { out, notes, json, quiet }: Context,
  cube: MemCube,
  results: readonly AddResult[],
  ms: number,
): ExitCode {
  const ids = results.flatMap((result) => result.ids);
  const rejected = results.flatMap((result) => result.rejected);
  const added = results.reduce((sum, result) => sum + result.added, 0);
  const skipped = results.reduce((sum, result) => sum + result.skipped, 0);
  if (json) {
    const position = results.at(-1)?.position;
    out.json({ cubeId: cube.id, ids, added, skipped, rejected, position });
  } else {
    for (const id of ids) out.line(id);
  }
  warnOfRejections(notes, rejected);
  const there = ids.length - added;
  const already = there === 0 ? "" : `, ${there} there already`;
  const summary = `${counted(added, "memory", "memories")} added to ${cube.id}${already}`;
  if (!quiet) notes.note(`${summary} (${formatDuration(ms)})`);
  return ids.length === 0 && rejected.length > 0 ? EXIT.failed : EXIT.ok;
}
