import { DatabaseSync } from "node:sqlite";

import {
  CubeIndex,
  type Ranking,
  renderHits,
} from "../../../packages/core/src/operation/operator/index/testing.ts";
import type { Conversation, Turn } from "./dataset.ts";
import { BUDGET_TOKENS, type Subject } from "./evaluate.ts";

/** After all conversations; questions are asked at this time. */
const NOW = Date.UTC(2024, 0, 1);
/** Hits offered to the renderer; some 12 turns fit. */
const RENDERED = 40;

/** The in-process index, driven directly. `ranking` changes weights, to see what each is worth. */
export function indexSubject(ranking: Partial<Ranking> = {}): Subject {
  return (conversation) => {
    const index = new CubeIndex(ranking);
    for (const turn of conversation.turns) {
      index.upsert({ ...recordOf(turn), version: 1, visibility: "all", tags: [], entities: [] });
    }
    return (text) => {
      const { hits, confidence } = index.search({
        text,
        limit: RENDERED,
        permits: () => true,
        now: NOW,
      });
      const ids = hits.map(({ id }) => id);
      return { ids, confidence, text: render(conversation, ids) };
    };
  };
}

/** SQLite's own full-text ranking of the same turns: FTS5, porter, any of the question's words. */
export const fts5Subject: Subject = (conversation) => {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "create virtual table turns using fts5(id unindexed, text, tokenize='porter unicode61')",
  );
  const insert = database.prepare("insert into turns values (?, ?)");
  for (const { id, text } of conversation.turns) insert.run(id, text);
  const select = database.prepare(
    `select id, bm25(turns) as score from turns where turns match ? order by score limit ${RENDERED}`,
  );
  return (question) => {
    const words = [...new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])];
    const rows =
      words.length === 0 ? [] : select.all(words.map((word) => `"${word}"`).join(" OR "));
    const ids = rows.map((row) => String(row["id"]));
    return { ids, confidence: -Number(rows[0]?.["score"] ?? 0), text: render(conversation, ids) };
  };
};

function render({ turns }: Conversation, ids: readonly string[]): string {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  const records = ids.flatMap((id) => {
    const turn = byId.get(id);
    return turn === undefined ? [] : [recordOf(turn)];
  });
  return renderHits(records, { budgetTokens: BUDGET_TOKENS }).text;
}

const recordOf = ({ id, text, caption, speaker, session, order, at }: Turn) => ({
  id,
  type: "turn",
  text,
  caption,
  speaker,
  sessionId: String(session),
  order,
  at,
});
