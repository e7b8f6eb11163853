import { alignColumns } from "../columns.ts";
import type { Context } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { notFound, usageError } from "../failure.ts";
import { counted, formatBytes, formatDuration, formatTime } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";
import { readInput } from "../read-input.ts";
import { type KvStore, loadLlama } from "./load-llama.ts";
import { modelFile } from "./model-file.ts";

/** What an action of `memcube kv` works with. */
export interface KvAction {
  readonly context: Context;
  readonly store: KvStore;
  /** Behind the action's name. */
  readonly arguments: readonly string[];
  readonly model: string | undefined;
  readonly scope: string;
  readonly threads: number | undefined;
}

/** Characters of a key that tell it apart in a list. */
const KEY_SHOWN = 16;

export async function listStates({ context, store }: KvAction): Promise<undefined> {
  const { out, notes, json, quiet } = context;
  const prefixes = await store.list();
  if (json) {
    out.json(prefixes);
    return undefined;
  }
  if (quiet) {
    for (const { key } of prefixes) out.line(key);
    return undefined;
  }
  const rows = prefixes.map(
    ({ key, scope, model, tokens, storedBytes, uses, createdAt, usedAt }) => [
      key.slice(0, KEY_SHOWN),
      oneLine(scope === "" ? "-" : scope),
      model.slice(0, 8),
      `${tokens} tokens`,
      formatBytes(storedBytes),
      counted(uses, "use"),
      formatTime(usedAt ?? createdAt),
    ],
  );
  for (const line of alignColumns(rows, out.columns)) out.line(line);
  const own = prefixes.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  notes.note(`${counted(prefixes.length, "prefix", "prefixes")}, ${formatBytes(own)} not shared`);
  return undefined;
}

export async function showState({
  context,
  store,
  arguments: [wanted = ""],
}: KvAction): Promise<undefined> {
  const found = (await store.list()).filter(({ key }) => key.startsWith(wanted));
  const [prefix] = found;
  if (prefix === undefined) {
    throw notFound(`No stored prefix ${oneLine(wanted)}.`, "`memcube kv ls` lists keys.");
  }
  if (found.length > 1) throw usageError(`${found.length} keys begin with ${oneLine(wanted)}.`);
  const { out, json } = context;
  if (json) {
    out.json(prefix);
    return undefined;
  }
  const rows = [
    ["key", prefix.key],
    ["scope", oneLine(prefix.scope === "" ? "-" : prefix.scope)],
    ["model", prefix.model],
    ...(prefix.engine === undefined ? [] : [["engine", oneLine(prefix.engine)]]),
    ["tokens", `${prefix.tokens}`],
    ["stored", formatBytes(prefix.storedBytes)],
    ["not shared", formatBytes(prefix.ownBytes)],
    ["took to compute", formatDuration(prefix.costMs)],
    ["made", formatTime(prefix.createdAt)],
    ["restored", counted(prefix.uses, "time")],
    ...(prefix.usedAt === undefined ? [] : [["last restored", formatTime(prefix.usedAt)]]),
  ];
  for (const line of alignColumns(rows)) out.line(line);
  return undefined;
}

export async function verifyStates({ context, store }: KvAction): Promise<ExitCode> {
  const { out, json, quiet, signal } = context;
  const progress = context.progress("verifying pages");
  const onProgress = (done: number, total: number) => progress.update(done, total);
  const { pages, problems } = await store
    .verify({ signal, onProgress })
    .finally(() => progress.end());
  if (json) out.json({ ok: problems.length === 0, pages, problems });
  else if (!quiet) {
    const word = problems.length === 0 ? out.style("green", "ok") : out.style("red", "NOT OK");
    out.line(`${word}  ${counted(pages, "page")}, ${counted(problems.length, "problem")}`);
    for (const { scope, key, problem } of problems) {
      out.line(`  ${problem}, scope ${oneLine(scope)}, page ${key.slice(0, KEY_SHOWN)}`);
    }
  }
  return problems.length === 0 ? EXIT.ok : EXIT.problems;
}

export async function collectStates({ context, store }: KvAction): Promise<ExitCode | undefined> {
  const { out, notes, json, quiet } = context;
  const collected = await store.collect();
  if (collected === undefined) {
    notes.warn("Another process is at it.");
    return EXIT.retryable;
  }
  if (json) out.json(collected);
  else if (!quiet) {
    const { beforeBytes, afterBytes, removedPages, removedFiles } = collected;
    out.line(
      `${formatBytes(beforeBytes)} before, ${formatBytes(afterBytes)} after; ` +
        `${counted(removedPages, "page")} and ${counted(removedFiles, "leftover")} removed`,
    );
  }
  return undefined;
}

/** Reads a prompt's beginning into the store, so that its first use finds it. */
export async function warmStates(action: KvAction): Promise<undefined> {
  const { context, store, model, scope, threads } = action;
  const { json, quiet, out, signal } = context;
  const [path = ""] = action.arguments;
  if (model === undefined) throw usageError("kv warm needs --model PATH.");
  const file = await modelFile(model, context);
  const { bytes } = await readInput(path, context.input, signal);
  const text = new TextDecoder().decode(bytes);
  const { llamaEngine } = await loadLlama();
  const engine = await llamaEngine({
    model,
    kv: store,
    maxContexts: 1,
    signal,
    onProgress: file.onProgress,
    ...(threads === undefined ? {} : { threads }),
  }).finally(() => file.end());
  try {
    const request = {
      messages: [
        { role: "system", text },
        { role: "user", text: "." },
      ],
      sampling: { temperature: 0, maxTokens: 1 },
      cacheScope: scope,
    } as const;
    for await (const part of engine.generate(request, { signal })) {
      if (part.type !== "finish") continue;
      const { promptTokens, cachedTokens, writtenTokens, cacheMiss } = part.usage;
      if (json) out.json({ promptTokens, cachedTokens, writtenTokens });
      else if (!quiet) {
        const [written, cached] = [writtenTokens, cachedTokens].map((each) =>
          each.toLocaleString("en-US"),
        );
        out.line(`${counted(promptTokens, "token")}: ${written} stored now, ${cached} were there`);
      }
      if (cachedTokens + writtenTokens > 0) continue;
      const why = cacheMiss === undefined ? "" : ` (${cacheMiss})`;
      context.notes.warn(`nothing is stored: states are kept in whole pages of 256 tokens${why}`);
    }
  } finally {
    await engine.close();
  }
  return undefined;
}
