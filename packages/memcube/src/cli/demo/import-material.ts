import type { MemCube, Memory } from "@memcube/core";

import type { Context } from "../context.ts";
import { counted, formatBytes, formatDuration, formatTime } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";
import type { DemoMaterial } from "./questions.ts";
import type { Story } from "./story.ts";

/** Imports the conversation and tells how much it was, from when, and how fast. */
export async function importMaterial(
  { signal, database }: Context,
  story: Story,
  cube: MemCube,
  { name, bytes }: DemoMaterial,
): Promise<{ readonly messages: number; readonly added: number; readonly ms: number }> {
  const started = performance.now();
  const { ids, added, rejected } = await cube.addFile(bytes, {
    name,
    mediaType: "application/json",
    signal,
  });
  const ms = performance.now() - started;
  const { storage } = await database.open();
  const { items: oldest } = await cube.list({ limit: 1 });
  const { items: newest } = await cube.list({ limit: 1, order: "newest" });
  const [from, to] = [oldest[0], newest[0]].map((memory) =>
    memory === undefined ? "" : formatTime(timeOf(memory)),
  );
  story.say(`${oneLine(name)} (${formatBytes(bytes.length)}): ${counted(ids.length, "message")},`);
  story.say(`said from ${from} to ${to}`);
  const rate = Math.round((1_000 * added) / ms).toLocaleString("en-US");
  const { durability } = storage.vault.capabilities;
  const speed = added === 0 ? "" : `: ${rate} per second, durable (${durability})`;
  story.say(`${counted(added, "memory", "memories")} added in ${formatDuration(ms)}${speed}`);
  if (rejected.length > 0) story.say(`${counted(rejected.length, "piece")} not taken`);
  return { messages: ids.length, added, ms };
}

function timeOf({ header }: Memory): number {
  return header.sources[0]?.at ?? header.createdAt;
}
