import { assert, rejects } from "../kit/checks.ts";
import { abortsWith } from "./ask.ts";
import { engineRulesOf } from "./engine-rule.ts";

export const engineVectorRules = engineRulesOf("vectors and tokens", {
  "texts become vectors of length 1, in their order": async ({ engine }) => {
    const { embed } = engine.capabilities;
    if (embed === undefined) return rejects(engine.embed(["a"]), "MEMCUBE_NOT_SUPPORTED");
    const vectors = await engine.embed(["tea in Paris", "animals", "tea in Paris"]);
    assert.equal(vectors.length, 3);
    for (const vector of vectors) {
      assert.equal(vector.length, embed.dimensions);
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4);
    }
    assert.deepEqual(vectors[0], vectors[2]);
    assert.ok(vectors[0]?.some((value, at) => value !== vectors[1]?.[at]));
    assert.deepEqual(await engine.embed([]), []);
    const reason = new Error("no");
    await abortsWith(reason, engine.embed(["a"], { signal: AbortSignal.abort(reason) }));
  },

  "documents are scored from 0 to 1, in their order": async ({ engine }) => {
    if (!engine.capabilities.rerank) {
      return rejects(engine.rerank("a", ["b"]), "MEMCUBE_NOT_SUPPORTED");
    }
    const documents = ["tea in Paris", "animals", "green"];
    const scores = await engine.rerank("tea", documents);
    assert.equal(scores.length, 3);
    assert.ok(scores.every((score) => score >= 0 && score <= 1));
    const backwards = await engine.rerank("tea", documents.toReversed());
    assert.deepEqual(backwards.toReversed(), scores);
  },

  "tokens are counted as they are made": async ({ engine }) => {
    assert.equal(engine.count(""), 0);
    for (const text of ["tea in Paris", "\u4f60\u597d \u{1f600}", "<|im_end|>"]) {
      const tokens = engine.tokenize(text);
      assert.ok(tokens.length > 0 && tokens.every((token) => Number.isInteger(token)));
      assert.equal(engine.count(text), tokens.length);
    }
  },

  "a model says what it is": async ({ engine, another }) => {
    const { id, sha256, contextTokens } = engine.model;
    assert.ok(id !== "" && contextTokens > 0);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    const other = await another();
    assert.equal(other.model.sha256, sha256);
    await other.close();
  },

  "a closed engine refuses, and may be closed again": async ({ another }) => {
    const engine = await another();
    await engine.close();
    await engine.close();
    await rejects(engine.embed(["a"]), "MEMCUBE_CLOSED");
    await rejects((async () => Promise.resolve(engine.count("a")))(), "MEMCUBE_CLOSED");
  },
});
