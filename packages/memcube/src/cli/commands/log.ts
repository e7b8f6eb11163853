import type { Change, LogOptions, MemCube } from "@memcube/core";

import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { formatSecond } from "../format-values.ts";
import { moment, wholeNumber } from "../parse-arguments.ts";
import { oneLine } from "../plain-text.ts";
import { nameOf } from "../who-changed.ts";

export const logCommand = command({
  name: "log",
  summary: "show who changed what, in order",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    since: {
      type: "string",
      value: "WHERE",
      about: "after a commit number, a time (2024-05-01, 2h) or a position as --json prints it",
    },
    follow: { type: "boolean", short: "f", about: "go on with what happens next, until Ctrl-C" },
  },
  examples: [
    { line: "log --since 1d", about: "the last day" },
    { line: "log --follow --json", about: "changes of all processes as they happen" },
  ],
  details:
    "Lines hold ids, versions and who; never what a memory says. --json prints one change on " +
    "each line; its `position` is where --since goes on exactly.",
  run: async (context, { values }) => {
    const { out, json, quiet, signal } = context;
    const cube = await context.database.cube(values.cube);
    const start = await startOf(context, cube, values.since);
    const options: LogOptions = {
      signal,
      follow: values.follow === true,
      ...(start.since === undefined ? {} : { since: start.since }),
    };
    for await (const change of cube.log(options)) {
      if (change.seq <= start.afterSeq) continue;
      if (json) out.json(change);
      else out.line(quiet ? (change.memoryId ?? "@cube") : describe(change));
      await out.caughtUp();
    }
    return undefined;
  },
});

interface Start {
  readonly since?: Change["position"];
  readonly afterSeq: number;
}

async function startOf(context: Context, cube: MemCube, value: string | undefined): Promise<Start> {
  if (value === undefined) return { afterSeq: 0 };
  if (value.startsWith("{")) return { since: positionOf(value), afterSeq: 0 };
  if (/^\d+$/.test(value)) {
    const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
    return { afterSeq: wholeNumber(value, "--since", range) ?? 0 };
  }
  const at = moment(value, "--since", context.now()) ?? 0;
  const header = await cube.header();
  // Before the cube was there, everything is since then.
  return at < header.createdAt
    ? { afterSeq: 0 }
    : { since: (await cube.at(at)).position, afterSeq: 0 };
}

function positionOf(text: string): Change["position"] {
  try {
    // The log checks what it is given.
    return JSON.parse(text) as Change["position"];
  } catch (error) {
    if (error instanceof SyntaxError) throw usageError("--since is no JSON position.");
    throw error;
  }
}

function describe({
  seq,
  at,
  actor,
  op,
  memoryId,
  version,
  state,
  restored,
  type,
}: Change): string {
  const what = memoryId === undefined ? "" : ` ${oneLine(memoryId)}`;
  const parts = [
    version === undefined ? undefined : `v${version}`,
    restored === undefined ? undefined : `from v${restored}`,
    type,
    state,
  ];
  const about = parts.filter((part) => part !== undefined).join(" ");
  const who = oneLine(nameOf(actor));
  return `${String(seq).padStart(5)}  ${formatSecond(at)}  ${who}  ${op}${what} ${about}`.trimEnd();
}
