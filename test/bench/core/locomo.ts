import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { MemCube } from "@memcube/core";
import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

import {
  CATEGORY_NAMES,
  findLocomo,
  loadLocomo,
  type Category,
  type Conversation,
} from "../locomo/dataset.ts";
import { percentile, type Report } from "../report.ts";
import { openAt, withDirectory } from "./place.ts";

const DEPTH = 10;
const BUDGET_TOKENS = 512;
/** LoCoMo's questions that have an answer; category 5 has none. */
const CORE: readonly Category[] = [1, 2, 3, 4];

interface Score {
  readonly category: Category;
  readonly recall: number;
  readonly budgetRecall?: number;
  readonly confidence?: number;
}

/**
 * LoCoMo conversations 1-5 (evaluation only, never part of the project) through the public API on
 * the embedded storage: share of the evidence turns among the first ten hits, and within the text
 * of 512 tokens (counted with o200k_base). FTS5's own ranking of the same turns beside it.
 */
export async function benchLocomo(report: Report): Promise<void> {
  const path = findLocomo();
  if (path === undefined) {
    console.error("LoCoMo is not there: set MEMCUBE_DATA to the folder that holds locomo/");
    return;
  }
  const samples = JSON.parse(readFileSync(path, "utf8")) as readonly unknown[];
  const conversations = loadLocomo(path);
  const ours: Score[] = [];
  const fts: Score[] = [];
  const times: number[] = [];
  let overBudget = 0;
  const tokens = new Tiktoken(o200k);
  await withDirectory(async (directory) => {
    const os = await openAt(join(directory, "locomo.db"), { durability: "process" });
    const me = os.as({ userId: "bench" });
    for (const [i, conversation] of conversations.entries()) {
      const cube = await me.createCube(conversation.id);
      const added = await cube.add(samples[i]);
      if (added.ids.length !== conversation.turns.length) throw new Error("turns were lost");
      for (const question of conversation.questions) {
        const started = performance.now();
        const { hits, confidence } = await cube.search(question.text, { limit: DEPTH });
        times.push(performance.now() - started);
        const budgeted = await inBudget(cube, question.text);
        if (tokens.encode(budgeted.text).length > BUDGET_TOKENS) overBudget++;
        const found = hits.map(({ memory }) => memory.header.sources[0]?.id ?? "");
        ours.push({
          category: question.category,
          recall: recall(question.evidence, found),
          budgetRecall: recall(question.evidence, budgeted.ids),
          confidence,
        });
      }
      fts.push(...ftsScores(conversation));
    }
    await os.close();
  });
  reportScores(report, "memcube", ours);
  reportScores(report, "SQLite FTS5 porter", fts);
  const common = { case: "locomo", subject: "memcube" };
  report({ ...common, metric: "search_p50", value: percentile(times, 0.5), unit: "ms" });
  report({ ...common, metric: "texts_over_512_tokens", value: overBudget, unit: "texts" });
}

async function inBudget(cube: MemCube, question: string) {
  const { text, included } = await cube.search(question, { budgetTokens: BUDGET_TOKENS });
  const memories = await cube.getMany(included.map(({ id }) => id));
  return { text, ids: memories.map((memory) => memory.header.sources[0]?.id ?? "") };
}

function reportScores(report: Report, subject: string, scores: readonly Score[]): void {
  const answerable = scores.filter(({ category }) => CORE.includes(category));
  const put = (metric: string, value: number, unit = "%") =>
    report({ case: "locomo", subject, metric, value, unit });
  put("core_recall_at_10", 100 * mean(answerable.map((score) => score.recall)));
  for (const category of CORE) {
    const of = answerable.filter((score) => score.category === category);
    put(`${CATEGORY_NAMES[category]}_recall_at_10`, 100 * mean(of.map((score) => score.recall)));
  }
  const budget = answerable.flatMap((score) => score.budgetRecall ?? []);
  if (budget.length > 0) put("core_recall_within_512_tokens", 100 * mean(budget));
  const none = scores.filter(({ category }) => category === 5).flatMap((s) => s.confidence ?? []);
  const some = answerable.flatMap((score) => score.confidence ?? []);
  if (none.length > 0) put("confidence_auroc", auroc(some, none), "");
}

/** SQLite's own ranking: FTS5 with its porter stemmer, any of the words. */
function ftsScores(conversation: Conversation): Score[] {
  const db = new DatabaseSync(":memory:");
  db.exec("create virtual table turns using fts5(id unindexed, text, tokenize='porter unicode61')");
  const insert = db.prepare("insert into turns values (?, ?)");
  for (const turn of conversation.turns) insert.run(turn.id, turn.text);
  const select = db.prepare("select id from turns where turns match ? order by rank limit ?");
  const scores = conversation.questions.map((question) => {
    const words = new Set(question.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
    const query = [...words].map((word) => `"${word}"`).join(" OR ");
    const found = query === "" ? [] : select.all(query, DEPTH).map((row) => String(row["id"]));
    return { category: question.category, recall: recall(question.evidence, found) };
  });
  db.close();
  return scores;
}

/** Share of the evidence that was found; questions without usable evidence don't count. */
function recall(evidence: readonly string[], found: readonly string[]): number {
  if (evidence.length === 0) return Number.NaN;
  const set = new Set(found);
  return evidence.filter((id) => set.has(id)).length / evidence.length;
}

function mean(values: readonly number[]): number {
  const counted = values.filter((value) => !Number.isNaN(value));
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

/** Probability that an answerable question has the higher confidence. */
function auroc(answerable: readonly number[], unanswerable: readonly number[]): number {
  let wins = 0;
  for (const a of answerable) {
    for (const b of unanswerable) wins += a > b ? 1 : a === b ? 0.5 : 0;
  }
  return wins / (answerable.length * unanswerable.length);
}
