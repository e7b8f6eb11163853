import type { AddOptions, MemCube } from "@memcube/core";

import { addInput } from "../add-input.ts";
import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { counted, formatDuration } from "../format-values.ts";
import { INPUT_FORMATS, type InputFormat, isExport } from "../input-format.ts";
import { oneOf } from "../parse-arguments.ts";
import { oneLine } from "../plain-text.ts";
import type { ProgressLine } from "../progress.ts";
import { type InputFile, readInput } from "../read-input.ts";
import { warnOfRejections } from "../warn-of-rejections.ts";

export const importCommand = command({
  name: "import",
  summary: "take in conversations, documents or an export",
  usage: "FILE...",
  arguments: { min: 1, max: 10_000 },
  options: {
    cube: { type: "string", value: "ID", about: "cube to add to (default: your own)" },
    session: { type: "string", value: "ID", about: "session of messages that name none" },
    tag: { type: "string", multiple: true, value: "NAME", about: "tag for all of it" },
    "speaker-user": { type: "string", value: "NAME", about: 'name behind the role "user"' },
    "speaker-assistant": { type: "string", value: "NAME", about: 'name behind "assistant"' },
    format: {
      type: "string",
      value: "NAME",
      about: `${INPUT_FORMATS.join(", ")} (default: by name or content)`,
    },
  },
  examples: [
    { line: "import conversations.json", about: "an export of ChatGPT" },
    { line: "import locomo10.json --tag locomo", about: "the LoCoMo conversations" },
    { line: "import notes/*.md --tag notes", about: "documents, cut into parts" },
    { line: "import backup.jsonl", about: "what `memcube export` wrote" },
    { line: "import - < chat.json", about: "standard input" },
  ],
  details:
    "Recognised: chat messages (OpenAI, Anthropic, AI SDK, LangChain), conversations, exports " +
    "of ChatGPT, LoCoMo, JSON lines, Markdown, text, and exports of memcube. Importing again " +
    "adds nothing twice.",
  run: async (context, { values, arguments: files }) => {
    const format = oneOf(values.format, "--format", INPUT_FORMATS);
    const options: AddOptions = {
      signal: context.signal,
      ...(values.session === undefined ? {} : { sessionId: values.session }),
      ...(values.tag === undefined ? {} : { tags: [...values.tag] }),
      ...speakersOf(values["speaker-user"], values["speaker-assistant"]),
    };
    let failed = false;
    for (const path of files) {
      const file = await readInput(path, context.input, context.signal);
      const cube = await context.database.cube(values.cube, { create: true });
      const taken = await importFile(context, cube, file, { options, format });
      failed ||= !taken;
    }
    return failed ? EXIT.failed : EXIT.ok;
  },
});

function speakersOf(user?: string, assistant?: string): Pick<AddOptions, "speaker"> {
  if (user === undefined && assistant === undefined) return {};
  return {
    speaker: {
      ...(user === undefined ? {} : { user }),
      ...(assistant === undefined ? {} : { assistant }),
    },
  };
}

interface FileReading {
  readonly options: AddOptions;
  readonly format: InputFormat | undefined;
}

/** What became of a file, whichever way it was read. */
interface Taken {
  readonly format: string;
  readonly memories: number;
  readonly added: number;
  readonly rejected: Parameters<typeof warnOfRejections>[1];
  readonly skipped: number;
}

/** @returns whether anything of the file was taken */
async function importFile(
  context: Context,
  cube: MemCube,
  file: InputFile,
  reading: FileReading,
): Promise<boolean> {
  const { out, notes, json, quiet } = context;
  const name = file.name ?? "standard input";
  const progress = context.progress(`importing ${oneLine(name)}`);
  const started = performance.now();
  let taken: Taken;
  try {
    const text = new TextDecoder().decode(file.bytes);
    taken =
      reading.format === undefined && isExport(text)
        ? await importExport(context, cube, text, progress)
        : await importDocument(cube, file, reading, progress);
  } finally {
    progress.end();
  }
  const ms = performance.now() - started;
  const { format, memories, added, rejected, skipped } = taken;
  if (json) out.json({ file: file.name, cubeId: cube.id, ...taken, ms });
  else if (!quiet) {
    const there = memories - added;
    const parts = [
      `${counted(added, "memory", "memories")} added`,
      there === 0 ? "" : `${there.toLocaleString("en-US")} there already`,
      skipped === 0 ? "" : `${skipped} left out`,
      rejected.length === 0 ? "" : `${rejected.length} not taken`,
    ].filter((part) => part !== "");
    out.line(`${oneLine(name)}  ${format}  ${parts.join(", ")}  (${formatDuration(ms)})`);
  }
  warnOfRejections(notes, rejected);
  return memories > 0 || rejected.length === 0;
}

async function importDocument(
  cube: MemCube,
  file: InputFile,
  reading: FileReading,
  progress: ProgressLine,
): Promise<Taken> {
  const { format, ids, added, rejected, skipped } = await addInput(cube, file, {
    ...reading,
    progress,
  });
  return { format, memories: ids.length, added, rejected, skipped };
}

async function importExport(
  { signal }: Context,
  cube: MemCube,
  text: string,
  progress: ProgressLine,
): Promise<Taken> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const result = await cube.import(lines.map(parsedLine), {
    signal,
    onProgress: ({ done }) => progress.update(done, lines.length),
  });
  const { imported, existing } = result;
  const rejected = result.rejected.map(({ line, message }) => ({
    position: `line ${line}`,
    code: "malformed" as const,
    message,
  }));
  return {
    format: "memcube",
    memories: imported + existing,
    added: imported,
    rejected,
    skipped: 0,
  };
}

/** The value of a line; `undefined` for one that is not JSON, which the import then reports. */
function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
