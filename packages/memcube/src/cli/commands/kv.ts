import { command } from "../command.ts";
import { usageError } from "../failure.ts";
import {
  collectStates,
  type KvAction,
  listStates,
  showState,
  verifyStates,
  warmStates,
} from "../kv/actions.ts";
import { loadLlama } from "../kv/load-llama.ts";
import { wholeNumber } from "../parse-arguments.ts";
import { suggest } from "../suggest.ts";
import type { ExitCode } from "../exit-codes.ts";

const MIB = 1_048_576;

const ACTIONS: Readonly<Record<string, (action: KvAction) => Promise<ExitCode | undefined>>> = {
  ls: listStates,
  show: showState,
  verify: verifyStates,
  gc: collectStates,
  warm: warmStates,
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
    "`verify` ends with 4 when it found a page that is not sound.",
  run: async (context, { values, arguments: [name = "", ...rest] }) => {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      const names = Object.keys(ACTIONS);
      const close = suggest(name, names);
      const guess = close === undefined ? "" : ` Did you mean ${close}?`;
      throw usageError(`kv takes ${names.join(", ")}, not ${name}.${guess}`);
    }
    const budget = wholeNumber(values.budget, "--budget", { min: 0, max: 1 << 30 });
    const { openKvStore } = await loadLlama();
    const store = await openKvStore({
      directory: values.dir ?? "kv-states",
      ...(budget === undefined ? {} : { diskBytes: budget * MIB }),
    });
    try {
      const { model, scope = "" } = values;
      const threads = wholeNumber(values.threads, "--threads", { min: 1, max: 1_024 });
      return await action({ context, store, arguments: rest, model, scope, threads });
    } finally {
      await store.close();
    }
  },
});
