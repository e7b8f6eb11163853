import { type MemCube, type Memory } from "@memcube/core";

import type { Context } from "../context.ts";
import { payloadText } from "../describe-memory.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import {
  counted,
  formatBytes,
  formatDuration,
  formatSecond,
  formatTime,
} from "../format-values.ts";
import { oneLine, plainText } from "../plain-text.ts";
import { whoChanged } from "../who-changed.ts";
import { type Answered, ask, isMessage, type Score, scoreOf } from "./ask.ts";
import { askInChild, type ChildReport } from "./ask-in-child.ts";
import type { DemoMaterial, DemoUpdate } from "./questions.ts";
import { describeScore, Story } from "./story.ts";

const CUBE = "demo";
const PROMPT_TOKENS = 512;

/**
 * Tells the whole story once: import, ask, a prompt, an update with its history, verification, and
 * the same questions in a second process.
 *
 * @param again arguments of the command that asks again
 */
export async function tellStory(
  context: Context,
  material: DemoMaterial,
  again: readonly string[],
): Promise<ExitCode> {
  const started = performance.now();
  const { database, out, signal } = context;
  const story = new Story(out);
  out.line(`memcube demo in ${oneLine(database.path)}`);
  const cube = await openCube(context);

  story.chapter("Import");
  await importMaterial(context, story, cube, material);
  story.chapter("Ask, without a language model");
  const answers: Answered[] = [];
  for (const question of material.questions) {
    const answered = await ask(cube, question, signal);
    story.answered(answered);
    answers.push(answered);
  }
  await showPrompt(story, cube, answers, signal);
  if (material.update !== undefined) await showUpdate(context, story, cube, material.update);
  const sound = await showLog(context, story, cube);
  story.chapter("Close, and ask again in another process");
  await database.close();
  const report = await askInChild([...again, ...database.asOptions()], signal);
  showChild(story, report);

  out.line();
  out.line(out.style("bold", summary(scoreOf(answers), report.score, performance.now() - started)));
  return sound ? EXIT.ok : EXIT.problems;
}

/** What the second process does: opens what the first one left, asks, and reports as JSON. */
export async function askAgain(context: Context, material: DemoMaterial): Promise<void> {
  const { database, out, signal } = context;
  const cube = await database.cube(CUBE);
  const openMs = performance.now();
  const answers: Answered[] = [];
  for (const question of material.questions) answers.push(await ask(cube, question, signal));
  const updated = await updatedText(cube, material.update, signal);
  const report: ChildReport = {
    pid: process.pid,
    openMs,
    firstMs: answers[0]?.ms ?? 0,
    score: scoreOf(answers),
    ...(updated === undefined ? {} : { updated }),
  };
  out.json(report);
}

async function openCube({ database }: Context): Promise<MemCube> {
  const { me } = await database.open({ create: true });
  const page = await me.listCubes({ limit: 1_000 });
  const there = page.items.some(({ cubeId }) => cubeId === CUBE);
  return there ? await me.cube(CUBE) : await me.createCube(CUBE, { title: "memcube demo" });
}

async function importMaterial(
  { signal, database }: Context,
  story: Story,
  cube: MemCube,
  { name, bytes }: DemoMaterial,
): Promise<void> {
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
}

async function showPrompt(
  story: Story,
  cube: MemCube,
  answers: readonly Answered[],
  signal: AbortSignal,
): Promise<void> {
  // The question that needs the most messages shows best what a prompt gets.
  const [richest] = answers.toSorted((a, b) => b.ranks.length - a.ranks.length);
  if (richest === undefined) return;
  const { question } = richest.question;
  const found = await cube.search(question, { budgetTokens: PROMPT_TOKENS, signal });
  story.chapter(`The text for a prompt, within ${PROMPT_TOKENS} tokens`);
  story.say(oneLine(question));
  story.say();
  for (const line of plainText(found.text).split("\n")) story.say(`| ${line}`);
  story.say();
  story.say(`${counted(found.included.length, "memory", "memories")}, ${found.tokens} tokens`);
}

async function showUpdate(
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

async function showLog({ out, signal }: Context, story: Story, cube: MemCube): Promise<boolean> {
  story.chapter("The log verifies");
  const started = performance.now();
  const { ok, commits, versions, problems } = await cube.verify({ signal });
  const ms = formatDuration(performance.now() - started);
  const word = ok ? out.style("green", "ok") : out.style("red", `${problems.length} problems`);
  const looked = `${counted(commits, "commit")} and ${counted(versions, "version")}`;
  story.say(`${word}: ${looked} recomputed in ${ms}`);
  return ok;
}

function showChild(story: Story, { pid, openMs, firstMs, score, updated }: ChildReport): void {
  const opened = `open ${formatDuration(openMs)} after its start`;
  story.say(`process ${pid}: ${opened}, first answer in ${formatDuration(firstMs)}`);
  story.say(describeScore(score));
  if (updated !== undefined) story.say(`the update is there: ${oneLine(updated)}`);
}

function summary(score: Score, again: Score, ms: number): string {
  const same =
    score.five === again.five ? "the same after a restart" : `${again.five} after a restart`;
  const found = score.asked === 0 ? "asked" : `found ${score.five} of ${score.asked} in the top 5`;
  return (
    `Done in ${formatDuration(ms)}: ${found} (${same}), ` +
    `first for ${score.first}; median ${formatDuration(score.medianMs)} per question.`
  );
}

/** What search finds first for the question about the update. */
async function updatedText(
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

function timeOf({ header }: Memory): number {
  return header.sources[0]?.at ?? header.createdAt;
}
