import type { Hit, MemCube, Memory } from "@memcube/core";

import type { DemoQuestion } from "./questions.ts";

/** What became of one question. */
export interface Answered {
  readonly question: DemoQuestion;
  readonly hits: readonly Hit[];
  readonly confidence: number;
  readonly ms: number;
  /** Rank (from 1) of each message of the evidence; left out when it was not found. */
  readonly ranks: readonly number[];
}

/** What a list of answers amounts to. */
export interface Score {
  /** Questions whose answer was said. */
  readonly asked: number;
  /** Of these, those with a message of the evidence as first hit, and among the first five. */
  readonly first: number;
  readonly five: number;
  /** Of these, those with all of the evidence among the first ten. */
  readonly complete: number;
  /** Half of the questions were answered faster, in milliseconds. */
  readonly medianMs: number;
}

/** Hits looked at per question. */
const HITS = 10;

/** Asks a question and looks where its evidence stands. */
export async function ask(
  cube: Pick<MemCube, "search">,
  question: DemoQuestion,
  signal: AbortSignal,
): Promise<Answered> {
  const started = performance.now();
  const { hits, confidence } = await cube.search(question.question, { limit: HITS, signal });
  const ms = performance.now() - started;
  const ranks = question.evidence.flatMap((id) => {
    const index = hits.findIndex(({ memory }) => isMessage(memory, id, question.within));
    return index === -1 ? [] : [index + 1];
  });
  return { question, hits, confidence, ms, ranks: ranks.sort((a, b) => a - b) };
}

/** Whether a memory is the message with this id. */
export function isMessage({ header }: Memory, id: string, within = ""): boolean {
  return header.sources.some(
    (source) => source.id === id && (source.sessionId ?? "").startsWith(within),
  );
}

export function scoreOf(answers: readonly Answered[]): Score {
  const asked = answers.filter(({ question }) => question.evidence.length > 0);
  const within = (rank: number) =>
    asked.filter(({ ranks }) => (ranks[0] ?? Number.POSITIVE_INFINITY) <= rank).length;
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    asked: asked.length,
    first: within(1),
    five: within(5),
    complete: asked.filter(({ question, ranks }) => ranks.length === question.evidence.length)
      .length,
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
  };
}
