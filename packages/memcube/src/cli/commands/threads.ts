import type { ThreadCheckpoint, ThreadRecord, ThreadValue } from "@memcube/core";

import { alignColumns } from "../columns.ts";
import { command, type OptionValues } from "../command.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { counted, formatTime } from "../format-values.ts";
import { wholeNumber } from "../parse-arguments.ts";
import { oneLine } from "../plain-text.ts";
import { suggest } from "../suggest.ts";

const OPTIONS = {
  limit: { type: "string", value: "N", about: "how many at most (default: 50)" },
  cursor: { type: "string", value: "TEXT", about: "go on where a page ended (list, show)" },
  namespace: { type: "string", value: "NAME", about: "only this namespace (show)" },
  keep: { type: "string", value: "N", about: "checkpoints per namespace that stay (prune; 1)" },
  yes: { type: "boolean", short: "y", about: "do not ask (prune, delete)" },
} as const;

type Values = OptionValues<typeof OPTIONS>;
type Action = (context: Context, argument: string, values: Values) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { show, search, prune, delete: remove };

export const threadsCommand = command({
  name: "threads",
  summary: "threads of your agents",
  usage: "[list | show ID | search TEXT | prune ID | delete ID]",
  arguments: { min: 0, max: 2 },
  options: OPTIONS,
  examples: [
    { line: "threads", about: "last used first" },
    { line: "threads show chat-7 --limit 5", about: "its newest checkpoints" },
    { line: 'threads search "invoice 4711"', about: "threads whose newest state holds it" },
    { line: "threads prune chat-7 --keep 10", about: "drops older checkpoints; asks first" },
    { line: "threads delete chat-7", about: "destroys a thread with all its state; asks first" },
  ],
  details:
    "Threads hold what an agent framework is at work on, such as LangGraph's checkpoints; they are no " +
    "memories. You see your own. Checkpoints whose state is in what was written before them (delta " +
    "channels) keep all their ancestors when a thread is pruned.",
  run: async (context, { values, arguments: [action = "list", argument] }) => {
    if (action === "list") return await list(context, values);
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (run === undefined) {
      const close = suggest(action, ["list", ...Object.keys(ACTIONS)]);
      const guess = close === undefined ? "" : ` Did you mean ${close}?`;
      throw usageError(`threads does not know ${oneLine(action)}.${guess}`);
    }
    if (argument === undefined) {
      const what = action === "search" ? "a TEXT" : "the ID of a thread";
      throw usageError(`threads ${action} needs ${what}.`);
    }
    await run(context, argument, values);
    return undefined;
  },
});

function pageOf({ limit, cursor }: Values) {
  return {
    limit: wholeNumber(limit, "--limit", { min: 1, max: 1_000 }) ?? 50,
    ...(cursor === undefined ? {} : { cursor }),
  };
}

async function list(context: Context, values: Values): Promise<undefined> {
  const { database, out, notes, json, quiet } = context;
  const { me } = await database.open();
  const page = await me.threads.listThreads(pageOf(values));
  if (json) {
    out.json(page);
    return;
  }
  if (quiet) for (const { threadId } of page.items) out.line(oneLine(threadId));
  else for (const line of alignColumns(page.items.map(rowOf), out.columns)) out.line(line);
  notes.note(counted(page.items.length, "thread"));
  if (page.cursor !== undefined) notes.note(`next page: --cursor '${page.cursor}'`);
}

function rowOf({ threadId, checkpoints, updatedAt, expiresAt }: ThreadRecord): string[] {
  const expiry = expiresAt === undefined ? "" : `expires ${formatTime(expiresAt)}`;
  const count = counted(checkpoints, "checkpoint");
  return [threadId, count, formatTime(updatedAt), expiry].map(oneLine);
}

async function show(context: Context, threadId: string, values: Values): Promise<void> {
  const { database, out, notes, json, quiet } = context;
  const { me } = await database.open();
  const { namespace } = values;
  const page = await me.threads.list(threadId, {
    ...pageOf(values),
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (page.items.length === 0 && values.cursor === undefined) throw noThread(threadId);
  if (json) {
    const items = page.items.map(described);
    out.json(page.cursor === undefined ? { items } : { items, cursor: page.cursor });
    return;
  }
  for (const checkpoint of page.items) {
    if (quiet) out.line(oneLine(checkpoint.id));
    else for (const line of linesOf(checkpoint)) out.line(line);
  }
  notes.note(counted(page.items.length, "checkpoint"));
  if (page.cursor !== undefined) notes.note(`next page: --cursor '${page.cursor}'`);
}

/** A checkpoint as JSON; bytes are in base64. */
function described(checkpoint: ThreadCheckpoint) {
  const { namespace, id, parentId, channels, writes } = checkpoint;
  const values = [...channels.keys()].map((name) => [name, printable(checkpoint.value(name))]);
  return {
    namespace,
    id,
    parentId,
    head: printable(checkpoint.head()),
    values: Object.fromEntries(values) as Record<string, unknown>,
    writes: writes.map(({ value, ...write }) => ({ ...write, value: printable(value()) })),
  };
}

function printable(value: ThreadValue | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map((inner) => printable(inner as ThreadValue));
  const fields = Object.entries<ThreadValue>(value as Record<string, ThreadValue>);
  return Object.fromEntries(fields.map(([key, inner]) => [key, printable(inner)]));
}

/** Characters of a value that are shown. */
const SHOWN = 160;

function linesOf(checkpoint: ThreadCheckpoint): string[] {
  const { namespace, id, channels, writes } = checkpoint;
  const place = namespace === "" ? id : `${id}  ${namespace}`;
  const short = (value: unknown): string => {
    const text = JSON.stringify(value) ?? "";
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
  };
  return [
    oneLine(place),
    ...Array.from(channels.keys(), (name) => {
      const value = short(printable(checkpoint.value(name)));
      return `  ${oneLine(name)}: ${oneLine(value)}`;
    }),
    ...writes.map(({ taskId, channel, value }) => {
      const text = short(printable(value()));
      return `  ${oneLine(`write of ${taskId} to ${channel}: ${text}`)}`;
    }),
  ];
}

async function search(context: Context, text: string, values: Values): Promise<void> {
  const { database, out, notes, json, quiet } = context;
  const { me } = await database.open();
  const { limit } = pageOf(values);
  const hits = await me.threads.search(text, { limit });
  for (const hit of hits) if (json) out.json(hit);
  if (quiet) for (const { threadId } of hits) out.line(oneLine(threadId));
  if (json || quiet) return;
  const rows = hits.map(({ threadId, updatedAt, channel, excerpt }) =>
    [threadId, formatTime(updatedAt), channel, excerpt].map(oneLine),
  );
  for (const line of alignColumns(rows, out.columns)) out.line(line);
  notes.note(counted(hits.length, "thread"));
}

async function prune(context: Context, threadId: string, values: Values): Promise<void> {
  const { database, out, notes, json } = context;
  const keep = wholeNumber(values.keep, "--keep", { min: 1, max: 1_000_000 }) ?? 1;
  const { me } = await database.open();
  if ((await me.threads.get(threadId)) === undefined) throw noThread(threadId);
  if (values.yes !== true) {
    const kept = counted(keep, "newest checkpoint");
    await confirm(context, `Delete all but the ${kept} of each namespace?`);
  }
  const pruned = await me.threads.prune(threadId, { keep });
  if (json) out.json({ threadId, pruned });
  else out.line(String(pruned));
  notes.note(`${counted(pruned, "checkpoint")} deleted`);
}

async function remove(context: Context, threadId: string, values: Values): Promise<void> {
  const { database, out, notes, json } = context;
  const { me } = await database.open();
  if (values.yes !== true) await confirm(context, `Destroy thread ${oneLine(threadId)}?`);
  if (!(await me.threads.delete(threadId))) throw noThread(threadId);
  if (json) out.json({ deleted: threadId });
  else out.line(oneLine(threadId));
  notes.note("thread destroyed");
}

function noThread(threadId: string): Failure {
  const hint = "`memcube threads` lists yours.";
  return new Failure(EXIT.notFound, `There is no thread ${oneLine(threadId)}.`, hint);
}
