import { describe, expect, it } from "vitest";

import {
  CubeIndex,
  type Ranking,
} from "../../../packages/core/src/operation/operator/index/testing.ts";
import { buildStyleSets, type StyleSet } from "./build.ts";

/** Signed hashes of character trigrams: what an embedder without a model amounts to. */
function hashedTrigrams(text: string): Float32Array {
  const vector = new Float32Array(128);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    for (let at = 0; at < word.length; at++) {
      let hash = 2166136261;
      for (const unit of `<${word}>`.slice(at, at + 3)) {
        hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 16777619);
      }
      const place = (hash >>> 8) % vector.length;
      vector[place] = (vector[place] ?? 0) + (hash & 1 ? 1 : -1);
    }
  }
  return vector;
}

type Embed = (text: string) => Float32Array | undefined;

/** Mean over questions of 1 / rank of the evidence, 0..100. */
function reciprocalRank(
  set: StyleSet,
  ranking: Partial<Ranking> = {},
  embed: Embed = () => undefined,
): number {
  const index = new CubeIndex(ranking);
  for (const row of set.rows)
    index.upsert({
      ...row,
      version: 1,
      visibility: "all",
      tags: [],
      entities: [],
      vector: embed(row.text),
    });
  const ranks = set.questions.map(({ text, evidence }) => {
    const { hits } = index.search({
      text,
      vector: embed(text),
      limit: 10,
      permits: () => true,
      now: Date.UTC(2024, 6, 1),
    });
    const rank = hits.findIndex(({ id }) => evidence.includes(id));
    return rank < 0 ? 0 : 1 / (rank + 1);
  });
  return (100 * ranks.reduce((sum, each) => sum + each, 0)) / ranks.length;
}

/** Words alone: what any BM25 would find. */
const PLAIN: Partial<Ranking> = {
  session: 0,
  stretch: 0,
  answer: 0,
  follow: 0,
  bigram: 0,
  speaker: 0,
  role: 0,
  time: 0,
  date: 0,
  preference: 0,
  related: 0,
  spread: 0,
};

describe("other styles than two people chatting", () => {
  // What each style reached when it was written, less a little; a ranking tuned on one style alone falls below.
  it.each([
    ["chats", 85],
    ["facts", 96],
    ["documents", 95],
    ["preferences", 52],
  ])("finds %s", (name, least) => {
    const set = buildStyleSets().find((each) => each.name === name);
    if (set === undefined) throw new Error(`no set ${name}`);
    const found = reciprocalRank(set);
    expect(found).toBeGreaterThan(least);
    expect(found).toBeGreaterThanOrEqual(reciprocalRank(set, PLAIN));
  });

  it.each(["chats", "facts", "documents", "preferences"])(
    "is hardly hurt by weak vectors: %s",
    (name) => {
      const set = buildStyleSets().find((each) => each.name === name);
      if (set === undefined) throw new Error(`no set ${name}`);
      expect(reciprocalRank(set, {}, hashedTrigrams)).toBeGreaterThan(reciprocalRank(set) - 4);
    },
  );
});
