import { stat } from "node:fs/promises";

import { command } from "../command.ts";
import { notFound, usageError } from "../failure.ts";
import {
  collectStates,
  type KvAction,
  listStates,
  showState,
  verifyStates,
  warmStates,
} from "../kv/actions.ts";
import { loadLlama } from "../kv/load-llama.ts";
import { oneLine } from "../plain-text.ts";
import { wholeNumber } from "../parse-arguments.ts";
import { suggest } from "../suggest.ts";
import type { ExitCode } from "../exit-codes.ts";

const MIB = 1_048_576;
const HINT = "`memcube help kv` explains it.";

interface ActionSpec {
  readonly run: (action: KvAction) => Promise<ExitCode | undefined>;
  /** What stands behind its name, if anything must. */
  readonly argument?: string;
  /** Options that only some actions take; `--dir` goes with all. */
  readonly options: readonly string[];
  /** Whether it makes the folder; the others look into one that is there. */
  readonly makes?: true;
}

const ACTIONS: Readonly<Record<string, ActionSpec>> = {
  ls: { run: listStates, options: [] },
  show: { run: showState, argument: "KEY", options: [] },
  verify: { run: verifyStates, options: [] },
  gc: { run: collectStates, options: ["budget"] },
  warm: {
    run: warmStates,
    argument: "FILE",
    options: ["model", "threads", "scope"],
    makes: true,
  },
};

export const kvCommand = command({
  name: "kv",
  summary: "look after kept states of prompts (activation memory)",
  usage: "ls | show KEY | verify | gc | warm FILE",
  arguments: { min: 1, max: 2 },
  options: {
    dir: { type: "string", value: "PATH", about: "where states lie (default: kv-states)" },
    budget: { type: "string", value: "MIB", about: "what `gc` keeps at most (default: 10240)" },
    model: { type: "string", value: "PATH", about: "GGUF model for `warm`" },
    threads: { type: "string", value: "N", about: "threads for `warm` (default: all cores)" },
    scope: { type: "string", value: "NAME", about: "who shares them, for `warm` (default: none)" },
  },
  examples: [
    { line: "kv ls --dir states", about: "stored prefixes, those used last first" },
    { line: "kv verify --dir states", about: "reads and checks every page" },
    { line: "kv gc --dir states --budget 2048", about: "keeps 2 GiB of what is worth most" },
    {
      line: "kv warm prompt.txt --dir states --model model.gguf",
      about: "reads a system prompt before its first use",
    },
  ],
  details:
    "Needs @memcube/llama. States are a cache: what is damaged is computed anew when it is needed. " +
    "`verify` ends with 4 when it found a page that is not sound. `warm` reads FILE (or standard input, for -) " +
    "as a system message and stores its pages.",
  run: async (context, { values, arguments: [name = "", ...rest] }) => {
    const action = actionOf(name);
    checkLine(name, action, rest, Object.keys(values));
    const directory = values.dir ?? "kv-states";
    if (action.makes !== true) await checkFolder(directory);
    const { model, scope = "" } = values;
    const threads = wholeNumber(values.threads, "--threads", { min: 1, max: 1_024 });
    const budget = wholeNumber(values.budget, "--budget", { min: 0, max: 1 << 30 });
    const { openKvStore } = await loadLlama();
    const diskBytes = budget === undefined ? {} : { diskBytes: budget * MIB };
    const store = await openKvStore({ directory, ...diskBytes });
    try {
      return await action.run({ context, store, arguments: rest, model, scope, threads });
    } finally {
      await store.close();
    }
  },
});

function actionOf(name: string): ActionSpec {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action !== undefined) return action;
  const names = Object.keys(ACTIONS);
  const close = suggest(name, names);
  const guess = close === undefined ? "" : ` Did you mean ${close}?`;
  throw usageError(`kv takes ${names.join(", ")}, not ${oneLine(name)}.${guess}`, HINT);
}

/** What stands behind an action is what it takes: nothing that was said is passed over. */
function checkLine(
  name: string,
  { argument, options }: ActionSpec,
  rest: readonly string[],
  given: readonly string[],
): void {
  const [extra] = argument === undefined ? rest : rest.slice(1);
  if (extra !== undefined) {
    throw usageError(`kv ${name} does not take the argument "${oneLine(extra)}".`, HINT);
  }
  if (argument !== undefined && rest.length === 0)
    throw usageError(`kv ${name} needs ${argument}.`, HINT);
  for (const [owner, { options: owned }] of Object.entries(ACTIONS)) {
    const foreign = owned.find((option) => given.includes(option) && !options.includes(option));
    if (foreign !== undefined) throw usageError(`--${foreign} goes with kv ${owner} only.`, HINT);
  }
}

async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const what = found === undefined ? "There is no folder" : "This is no folder:";
  throw notFound(`${what} ${oneLine(path)}.`, "--dir PATH says where states lie.");
}
