import type { ListOptions } from "@memcube/core";

import { alignColumns } from "../columns.ts";
import { command } from "../command.ts";
import { payloadText } from "../describe-memory.ts";
import { counted, formatTime } from "../format-values.ts";
import { moment, oneOf, wholeNumber } from "../parse-arguments.ts";
import { oneLine } from "../plain-text.ts";

const STATES = ["generated", "activated", "merged", "archived", "expired", "forgotten"] as const;

const LEAST_CELLS = 100;

export const listCommand = command({
  name: "list",
  summary: "list memories, a page at a time",
  usage: "",
  arguments: { min: 0, max: 0 },
  options: {
    cube: { type: "string", value: "ID", about: "cube (default: your own)" },
    newest: { type: "boolean", about: "newest first (default: oldest first)" },
    limit: { type: "string", value: "N", about: "memories per page (default: 50)" },
    cursor: { type: "string", value: "TEXT", about: "go on where a page ended" },
    session: { type: "string", value: "ID", about: "only what was said in this session" },
    type: { type: "string", multiple: true, value: "TYPE", about: "only memories of this type" },
    tag: { type: "string", multiple: true, value: "NAME", about: "only memories with this tag" },
    state: {
      type: "string",
      multiple: true,
      value: "NAME",
      about: `only in this state: ${STATES.join(", ")}`,
    },
    from: { type: "string", value: "TIME", about: "only from then on: 2024-05-01, 7d" },
    to: { type: "string", value: "TIME", about: "only before then" },
  },
  examples: [
    { line: "list --newest --limit 5", about: "the last five" },
    { line: "list --tag work --type fact", about: "facts about work" },
    { line: "list --state forgotten", about: "what was forgotten" },
    { line: "list --json | jq -r '.items[].header.id'", about: "ids for a script" },
  ],
  run: async (context, { values }) => {
    const { out, notes, quiet, json, signal } = context;
    const now = context.now();
    const limit = wholeNumber(values.limit, "--limit", { min: 1, max: 1_000 }) ?? 50;
    const from = moment(values.from, "--from", now);
    const to = moment(values.to, "--to", now);
    const states = values.state?.flatMap((state) => oneOf(state, "--state", STATES) ?? []);
    const options: ListOptions = {
      limit,
      order: values.newest === true ? "newest" : "oldest",
      withTotal: true,
      ...(values.cursor === undefined ? {} : { cursor: values.cursor }),
      ...(values.session === undefined ? {} : { sessionId: values.session }),
      ...(values.type === undefined ? {} : { types: [...values.type] }),
      ...(values.tag === undefined ? {} : { tags: [...values.tag] }),
      ...(states === undefined ? {} : { states }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    const cube = await context.database.cube(values.cube);
    const page = await cube.list(options);
    signal.throwIfAborted();
    if (json) {
      out.json(page);
      return undefined;
    }
    if (quiet) {
      for (const { header } of page.items) out.line(header.id);
      return undefined;
    }
    const rows = page.items.map(({ header, payload }) => [
      header.id,
      oneLine(header.type),
      formatTime(header.sources[0]?.at ?? header.createdAt).slice(0, 10),
      oneLine(payloadText(payload)),
    ]);
    // On a narrow terminal lines wrap, so that something of the text is seen beside the id.
    const cells = out.columns === undefined ? undefined : Math.max(out.columns, LEAST_CELLS);
    for (const line of alignColumns(rows, cells)) out.line(line);
    const total = page.total ?? page.items.length;
    notes.note(`${page.items.length} of ${counted(total, "memory", "memories")} in ${cube.id}`);
    if (page.cursor !== undefined) notes.note(`next page: --cursor '${page.cursor}'`);
    return undefined;
  },
});
