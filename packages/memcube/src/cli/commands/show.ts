import type { Memory } from "@memcube/core";

import { alignColumns } from "../columns.ts";
import { command } from "../command.ts";
import { payloadText } from "../describe-memory.ts";
import { notFound } from "../failure.ts";
import { formatSecond } from "../format-values.ts";
import type { Output } from "../output.ts";
import { oneLine, plainText } from "../plain-text.ts";

export const showCommand = command({
  name: "show",
  summary: "show memories with everything known about them",
  usage: "ID...",
  arguments: { min: 1, max: 1_000 },
  options: { cube: { type: "string", value: "ID", about: "cube (default: your own)" } },
  examples: [
    { line: "show 6f1c0c9e-...", about: "text, sources, labels, version, usage" },
    { line: "show 6f1c0c9e-... --json", about: "the same as JSON, one memory on each line" },
  ],
  run: async ({ database, out, json, quiet }, { values, arguments: ids }) => {
    const cube = await database.cube(values.cube);
    const memories = await cube.getMany(ids);
    for (const [index, memory] of memories.entries()) {
      if (json) out.json(memory);
      else if (quiet) out.line(memory.header.id);
      else {
        if (index > 0) out.line();
        print(out, memory);
      }
    }
    const found = new Set(memories.map(({ header }) => header.id));
    const missing = ids.filter((id) => !found.has(id)).map(oneLine);
    if (missing.length === 0) return undefined;
    throw notFound(
      `No memory ${missing.join(", ")} in cube ${cube.id}.`,
      "`memcube list` shows ids; --cube names another cube.",
    );
  },
});

function print(out: Output, memory: Memory): void {
  const { header, payload, version, usage, edges } = memory;
  const text = plainText(payloadText(payload)).split("\n");
  for (const line of text) out.line(`  ${out.style("bold", line)}`);
  const source = header.sources.map(({ kind, id, sessionId, at }) =>
    [kind, id, sessionId, at === undefined ? undefined : formatSecond(at)]
      .flatMap((part) => (part === undefined ? [] : oneLine(part)))
      .join(" · "),
  );
  const rows: (readonly [string, string | undefined])[] = [
    ["id", header.id],
    ["cube", header.cubeId],
    ["type", `${header.type} (${header.kind})`],
    ["state", header.frozen ? `${header.state}, frozen` : header.state],
    ["version", `${version.number}, since commit ${version.fromSeq}`],
    ...source.map((line) => ["source", line] as const),
    ["speaker", payload.type === "turn" ? payload.speaker : undefined],
    ["tags", joined(header.tags)],
    ["entities", joined(header.entities)],
    ["key", header.externalKey],
    ["owner", header.owner],
    ["may read", header.allow === undefined ? "as the cube says" : joined(header.allow)],
    ["may not", joined(header.deny ?? [])],
    ["sensitivity", header.sensitivity],
    ["valid", rangeOf(header.validFrom, header.validTo)],
    ["expires", header.expiresAt === undefined ? undefined : formatSecond(header.expiresAt)],
    ["created", formatSecond(header.createdAt)],
    ["updated", formatSecond(header.updatedAt)],
    ...edges.map(({ type, to }) => ["relation", `${type} ${to.id} (${to.cubeId})`] as const),
    [
      "used",
      usage === undefined
        ? undefined
        : `${usage.reads} read, ${usage.injections} in prompts, ${usage.uses} in answers`,
    ],
  ];
  const cells = rows.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[`  ${name}`, oneLine(value)]],
  );
  for (const line of alignColumns(cells)) out.line(line);
}

function joined(labels: readonly string[]): string {
  return labels.join(", ");
}

function rangeOf(from: number | undefined, to: number | undefined): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  const start = from === undefined ? "" : `from ${formatSecond(from)}`;
  return `${start}${to === undefined ? "" : ` to ${formatSecond(to)}`}`.trim();
}
