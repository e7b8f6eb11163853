import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";
import { expect, it } from "vitest";

import { estimateTokens } from "../../../packages/core/src/text/testing.ts";
import { CHAT_SEEDS, longReply } from "../styles/chats.ts";
import { DOCUMENTS } from "../styles/documents.ts";
import { FACTS } from "../styles/facts.ts";

const tokenizer = new Tiktoken(o200k);
const tokensOf = (text: string): number => tokenizer.encode(text).length;

/** Estimate over truth, less 1. */
const error = (text: string): number => estimateTokens(text) / tokensOf(text) - 1;

it.each([
  ["documents", DOCUMENTS.map(({ title, chunks }) => [title, ...chunks].join("\n\n"))],
  [
    "chats",
    CHAT_SEEDS.map(({ topic, fact, request }) => [fact, request, longReply(topic, 1)].join("\n")),
  ],
  [
    "facts",
    [
      FACTS.slice(0, 36)
        .map(([fact]) => fact)
        .join("\n"),
    ],
  ],
])("is 3 %% below at most, and near on average: %s", (_, texts) => {
  const errors = texts.map(error);
  expect(Math.min(...errors)).toBeGreaterThan(-0.03);
  expect(errors.reduce((sum, each) => sum + each, 0) / errors.length).toBeLessThan(0.06);
});

it.each([
  [
    "Chinese",
    "记忆操作系统把记忆当作一种系统资源来管理，它可以被调度、迁移和治理。用户昨天告诉我他喜欢在早上跑步。",
  ],
  [
    "Japanese",
    "会議は毎週火曜日の午前十時に始まります。昨日は友達と一緒に東京で美味しいラーメンを食べました。",
  ],
  [
    "Korean",
    "저는 서울에 살고 있으며 매일 아침 커피를 마십니다. 어제는 친구와 함께 영화를 봤습니다.",
  ],
  [
    "German",
    "Der Server steht in Nürnberg und wird jede Nacht neu gestartet. Das ist die Regel im ganzen Haus.",
  ],
  [
    "code",
    "export function sum(values: readonly number[]): number {\n  let total = 0;\n  for (const value of values) total += value;\n  return total;\n}",
  ],
  ["digits", "Call 555-0199 at 10:45, the total is 1,234.56 on 2023-05-08."],
])("is within a fifth for %s", (_, text) => {
  expect(Math.abs(error(text))).toBeLessThan(0.2);
});
