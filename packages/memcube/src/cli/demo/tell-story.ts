import type { MemCube } from "@memcube/core";

import type { Context } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { counted, formatDuration } from "../format-values.ts";
import { oneLine } from "../plain-text.ts";
import { type Answered, ask, type Score, scoreOf } from "./ask.ts";
import { askInChild, type ChildReport } from "./ask-in-child.ts";
import { importMaterial } from "./import-material.ts";
import type { DemoMaterial } from "./questions.ts";
import { showPrompt } from "./show-prompt.ts";
import { showUpdate, updatedText } from "./show-update.ts";
import { describeScore, Story } from "./story.ts";

const CUBE = "demo";

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
  const story = new Story(out, context.json);
  story.line(`memcube demo in ${oneLine(database.path)}`);
  const cube = await openCube(context);

  story.chapter("Import");
  const imported = await importMaterial(context, story, cube, material);
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

  const [score, ms] = [scoreOf(answers), performance.now() - started];
  story.line();
  story.line(out.style("bold", summary(score, report.score, ms)));
  if (context.json) out.json({ imported, score, verified: sound, again: report, ms });
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
