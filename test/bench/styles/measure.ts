import {
  CubeIndex,
  type IndexResult,
  type Ranking,
} from "../../../packages/core/src/operation/operator/index/testing.ts";
import { auroc } from "../locomo/evaluate.ts";
import type { StyleQuestion, StyleRow, StyleSet } from "./style-set.ts";

export type Embed = (text: string) => Float32Array | undefined;

/** Means over the questions that have an answer, 0..100. */
export interface StyleScores {
  readonly name: string;
  readonly hitAt1: number;
  readonly reciprocalRank: number;
  /** Questions with evidence among the first five. */
  readonly hitAt5: number;
  /** Share of the evidence rows among the first ten. */
  readonly recallAt10: number;
  /** Chance that an answerable question has a higher confidence than one that no row answers. */
  readonly auroc: number;
  /** Median confidences. */
  readonly confident: number;
  readonly doubtful: number;
  /** Rank of the first evidence per question, Infinity for none; for a closer look. */
  readonly ranks: readonly number[];
}

const NOW = Date.UTC(2025, 5, 4);
const DEPTH = 10;

type Ask = (text: string) => IndexResult;

/** An index of the rows, to be asked. */
export function asking(
  rows: readonly StyleRow[],
  ranking: Partial<Ranking> = {},
  embed: Embed = () => undefined,
): Ask {
  const index = new CubeIndex(ranking);
  for (const row of rows) {
    index.upsert({
      ...row,
      version: 1,
      visibility: "all",
      tags: [],
      entities: [],
      vector: embed(row.text),
    });
  }
  return (text) =>
    index.search({ text, vector: embed(text), limit: DEPTH, permits: () => true, now: NOW });
}

/** Asks a set its questions, and those of `strangers`, which it does not answer. */
export function measureStyle(
  { name, rows, questions }: StyleSet,
  strangers: readonly StyleQuestion[],
  ranking: Partial<Ranking> = {},
  embed?: Embed,
): StyleScores {
  const ask = asking(rows, ranking, embed);
  const answered = questions
    .filter(({ evidence }) => evidence.length > 0)
    .map(({ text, evidence }) => ({ evidence, ...ask(text) }));
  const without = [...questions.filter(({ evidence }) => evidence.length === 0), ...strangers];
  const positives = answered.map(({ confidence }) => confidence);
  const negatives = without.map(({ text }) => ask(text).confidence);
  const ranks = answered.map(({ hits, evidence }) => {
    const at = hits.findIndex(({ id }) => evidence.includes(id));
    return at < 0 ? Infinity : at + 1;
  });
  return {
    name,
    hitAt1: percent(ranks, (rank) => (rank === 1 ? 1 : 0)),
    reciprocalRank: percent(ranks, (rank) => 1 / rank),
    hitAt5: percent(ranks, (rank) => (rank <= 5 ? 1 : 0)),
    recallAt10: percent(
      answered,
      ({ hits, evidence }) =>
        evidence.filter((id) => hits.some((hit) => hit.id === id)).length / evidence.length,
    ),
    auroc: auroc(positives, negatives),
    confident: median(positives),
    doubtful: median(negatives),
    ranks,
  };
}

/** Cubes of one to ten facts: how sure the index is of a question that one of them answers, and of one that none does. */
export function measureTiny(
  { rows, questions }: StyleSet,
  sizes: readonly number[] = [1, 2, 3, 5, 10],
): { size: number; auroc: number; confident: number; least: number; doubtful: number }[] {
  return sizes.map((size) => {
    const confident: number[] = [];
    const doubtful: number[] = [];
    for (const [at, { text, evidence }] of questions.entries()) {
      const own = rows.findIndex(({ id }) => evidence.includes(id));
      // Spread over the list, so that a cube does not hold one subject only.
      const others = Array.from(
        { length: size },
        (_, step) => rows[(own + 1 + (((at + step) * 7) % (rows.length - 1))) % rows.length],
      ).flatMap((row) => row ?? []);
      const [, ...rest] = others;
      const asked = rows[own];
      if (asked === undefined) continue;
      confident.push(asking([asked, ...rest])(text).confidence);
      doubtful.push(asking(others)(text).confidence);
    }
    return {
      size,
      auroc: auroc(confident, doubtful),
      confident: median(confident),
      least: confident.toSorted((a, b) => a - b)[Math.floor(confident.length / 10)] ?? Number.NaN,
      doubtful: median(doubtful),
    };
  });
}

function percent<T>(of: readonly T[], value: (each: T) => number): number {
  return (100 * of.reduce((sum, each) => sum + value(each), 0)) / of.length;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
