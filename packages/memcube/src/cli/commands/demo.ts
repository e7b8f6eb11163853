import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { command } from "../command.ts";
import type { Context } from "../context.ts";
import type { Database } from "../database.ts";
import { askAgain, tellStory } from "../demo/tell-story.ts";
import { bundledMaterial, type DemoMaterial, givenMaterial } from "../demo/questions.ts";
import type { ExitCode } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { readInput } from "../read-input.ts";

export const demoCommand = command({
  name: "demo",
  summary: "see it work: import, ask, update, verify, restart (no network, no language model)",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: {
    file: {
      type: "string",
      value: "PATH",
      about: "a conversation of your own: LoCoMo, ChatGPT, chat messages (default: a bundled one)",
    },
    question: {
      type: "string",
      multiple: true,
      value: "TEXT",
      about: "ask this of the file (default: the questions that LoCoMo brings)",
    },
    again: { type: "boolean", about: "what the demo's second process does: only ask" },
  },
  examples: [
    { line: "demo", about: "the bundled conversation, in a temporary file" },
    { line: "demo --db demo.db", about: "keeps the file, to look around in" },
    { line: "demo --file locomo10.json", about: "LoCoMo with its own questions" },
    {
      line: 'demo --file conversations.json --question "What about Lisbon?"',
      about: "your export of ChatGPT",
    },
  ],
  run: async (context, { values }) => {
    const material = await materialOf(context, values.file, values.question ?? []);
    const file = values.file === undefined ? [] : ["--file", values.file];
    const again = ["demo", "--again", ...file, ...asOptions("--question", values.question ?? [])];
    if (values.again === true) {
      await askAgain(context, material);
      return undefined;
    }
    return await inPlace(context, async (database) => {
      return await tellStory({ ...context, database }, material, again);
    });
  },
});

async function materialOf(
  { input, signal }: Context,
  file: string | undefined,
  asked: readonly string[],
): Promise<DemoMaterial> {
  if (file === undefined) {
    if (asked.length > 0) throw usageError("--question goes with --file.");
    return bundledMaterial();
  }
  if (file === "-") throw usageError("The demo reads its file twice: name one.");
  const { name = file, bytes } = await readInput(file, input, signal);
  return givenMaterial(name, bytes, asked);
}

/** Works in the file that --db names, else in a temporary one that is removed at the end. */
async function inPlace(
  context: Context,
  work: (database: Database) => Promise<ExitCode | undefined>,
): Promise<ExitCode | undefined> {
  if (context.database.isNamed) return await work(context.database);
  const folder = await mkdtemp(join(tmpdir(), "memcube-demo-"));
  const database = context.database.elsewhere(join(folder, "memory.db"));
  try {
    return await work(database);
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function asOptions(name: string, values: readonly string[]): string[] {
  return values.map((value) => `${name}=${value}`);
}
