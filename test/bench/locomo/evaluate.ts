import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

import type { Category, Conversation, Question, Turn } from "./dataset.ts";

/** What a subject answers to one question. */
export interface Answer {
  /** Turns found, best first; the first ten count. */
  readonly ids: readonly string[];
  /** Text for a prompt, meant to have at most `BUDGET_TOKENS`. */
  readonly text?: string;
  /** How likely it is that the conversation holds an answer: any scale, higher is likelier. */
  readonly confidence?: number;
}

/** A search over one conversation, of whatever make. */
export type Search = (question: string) => Answer | Promise<Answer>;

/** Takes a conversation in and gives the search over it. */
export type Subject = (conversation: Conversation) => Search | Promise<Search>;

/** Means over questions, 0..100; a question's share is that of its evidence turns. */
export interface Scores {
  readonly questions: number;
  readonly recallAt10: number;
  /** Evidence turns whose text is in `Answer.text`; nothing counts where the text is over the budget. */
  readonly recallInBudget: number;
}

export interface Evaluation {
  /** Categories 1-4 together: what the conversations do answer. */
  readonly core: Scores;
  readonly byCategory: ReadonlyMap<Category, Scores>;
  readonly byConversation: ReadonlyMap<string, Scores>;
  /** Chance that an answerable question has a higher confidence than an adversarial one; NaN without confidences. */
  readonly auroc: number;
  readonly textsOverBudget: number;
}

export const BUDGET_TOKENS = 512;
const DEPTH = 10;

interface Row {
  readonly conversation: string;
  readonly category: Category;
  readonly recall: number;
  readonly inBudget: number;
  readonly over: boolean;
  readonly confidence: number;
}

/** Asks a subject all questions that have evidence. */
export async function evaluate(
  conversations: readonly Conversation[],
  subject: Subject,
): Promise<Evaluation> {
  const tokenizer = new Tiktoken(o200k);
  const rows: Row[] = [];
  for (const conversation of conversations) {
    const search = await subject(conversation);
    const turns = new Map(conversation.turns.map((turn) => [turn.id, turn]));
    for (const question of conversation.questions) {
      if (question.evidence.length === 0) continue;
      const answer = await search(question.text);
      const over = tokenizer.encode(answer.text ?? "").length > BUDGET_TOKENS;
      rows.push({
        conversation: conversation.id,
        category: question.category,
        recall: share(question, (id) => answer.ids.slice(0, DEPTH).includes(id)),
        inBudget: over ? 0 : share(question, (id) => holds(answer.text ?? "", turns.get(id))),
        over,
        confidence: answer.confidence ?? Number.NaN,
      });
    }
  }
  return summarise(rows);
}

function summarise(rows: readonly Row[]): Evaluation {
  const core = rows.filter(({ category }) => category !== 5);
  const group = <K>(of: readonly Row[], key: (row: Row) => K): Map<K, Scores> =>
    new Map([...Map.groupBy(of, key)].map(([name, group]) => [name, scoresOf(group)]));
  return {
    core: scoresOf(core),
    byCategory: group(rows, ({ category }) => category),
    byConversation: group(core, ({ conversation }) => conversation),
    auroc: auroc(
      core.map(({ confidence }) => confidence),
      rows.filter(({ category }) => category === 5).map(({ confidence }) => confidence),
    ),
    textsOverBudget: rows.filter(({ over }) => over).length,
  };
}

function scoresOf(rows: readonly Row[]): Scores {
  const mean = (value: (row: Row) => number): number =>
    (100 * rows.reduce((sum, row) => sum + value(row), 0)) / rows.length;
  return {
    questions: rows.length,
    recallAt10: mean(({ recall }) => recall),
    recallInBudget: mean(({ inBudget }) => inBudget),
  };
}

const share = ({ evidence }: Question, isFound: (id: string) => boolean): number =>
  evidence.filter(isFound).length / evidence.length;

const holds = (text: string, turn: Turn | undefined): boolean =>
  turn !== undefined && squeeze(text).includes(squeeze(turn.text));

const squeeze = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

/** P(a positive's value is higher than a negative's), ties half. */
export function auroc(positives: readonly number[], negatives: readonly number[]): number {
  if ([...positives, ...negatives].some(Number.isNaN)) return Number.NaN;
  let wins = 0;
  for (const one of positives) {
    for (const other of negatives) wins += one > other ? 1 : one === other ? 0.5 : 0;
  }
  return wins / (positives.length * negatives.length);
}
