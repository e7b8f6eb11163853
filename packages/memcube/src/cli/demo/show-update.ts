import type { MemCube, Memory } from "@memcube/core";

import type { Context } from "../context.ts";
import { payloadText } from "../describe-memory.ts";
import { formatSecond } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";
import { whoChanged } from "../who-changed.ts";
import { isMessage } from "./ask.ts";
import type { DemoUpdate } from "./questions.ts";
import type { Story } from "./story.ts";

/** Changes one memory, shows its versions with who and when, and asks about it. */
export async function showUpdate(
  { signal }: Context,
  story: Story,
  cube: MemCube,
  update: DemoUpdate,
): Promise<void> {
  const memory = await messageOf(cube, update.messageId);
  if (memory === undefined) return;
  story.chapter("A fact changes; its history stays");
  await cube.update(memory.header.id, { text: update.text, note: "the school moved the class" });
  const versions = await cube.history(memory.header.id);
  const authors = await whoChanged(cube, versions, signal);
  for (const { header, payload, version, note } of versions) {
    const by = oneLine(authors.get(version.fromSeq) ?? "");
    const why = note === undefined ? "" : ` (${oneLine(note)})`;
    story.say(`version ${version.number} · ${formatSecond(header.updatedAt)} · ${by}${why}`);
    story.say(`  ${oneLine(payloadText(payload))}`);
  }
  const text = await updatedText(cube, update, signal);
  story.say();
  story.say(oneLine(update.question));
  story.say(`  1. ${text === undefined ? "nothing found" : oneLine(text)}`);
}

/** What search finds first for the question about the update. */
export async function updatedText(
  cube: MemCube,
  update: DemoUpdate | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (update === undefined) return undefined;
  const { hits } = await cube.search(update.question, { limit: 1, signal });
  const [hit] = hits;
  return hit === undefined ? undefined : payloadText(hit.memory.payload);
}

async function messageOf(cube: MemCube, id: string): Promise<Memory | undefined> {
  let cursor: string | undefined;
  do {
    const page = await cube.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.items.find((memory) => isMessage(memory, id));
    if (found !== undefined) return found;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return undefined;
}
