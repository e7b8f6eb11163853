import type { MemCube } from "@memcube/core";

import { counted } from "../format-values.ts";
import { oneLine, plainText } from "../plain-text.ts";
import { type Answered, isMessage } from "./ask.ts";
import type { Story } from "./story.ts";

const PROMPT_TOKENS = 512;

/** Shows the text that a prompt gets, once, and how often such a text holds the evidence. */
export async function showPrompt(
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
  const { some, asked } = await countInPrompts(cube, answers, signal);
  if (asked > 0) {
    story.say(
      `within ${PROMPT_TOKENS} tokens, evidence is there for ${some} of ${asked} questions`,
    );
  }
}

/** For how many questions a prompt of the budget holds a message of the evidence. */
async function countInPrompts(
  cube: MemCube,
  answers: readonly Answered[],
  signal: AbortSignal,
): Promise<{ readonly some: number; readonly asked: number }> {
  const asked = answers.filter(({ question }) => question.evidence.length > 0);
  let some = 0;
  for (const { question } of asked) {
    const { question: text, evidence, within } = question;
    const { hits } = await cube.search(text, { budgetTokens: PROMPT_TOKENS, signal });
    const has = (id: string) => hits.some(({ memory }) => isMessage(memory, id, within));
    if (evidence.some(has)) some++;
  }
  return { some, asked: asked.length };
}
