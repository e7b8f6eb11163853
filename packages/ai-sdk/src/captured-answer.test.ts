import { LIMITS } from "@memcube/core";
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";

import { CapturedAnswer } from "./captured-answer.ts";

function captured(...parts: readonly LanguageModelV4StreamPart[]): CapturedAnswer {
  const answer = new CapturedAnswer();
  for (const part of parts) answer.note(part);
  return answer;
}

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

describe("CapturedAnswer", () => {
  it("puts texts together by their blocks, in the order in which they began", () => {
    const { answer } = captured(
      { type: "text-start", id: "a" },
      { type: "text-start", id: "b" },
      { type: "text-delta", id: "b", delta: "second" },
      { type: "text-delta", id: "a", delta: "first" },
      { type: "text-end", id: "a" },
      { type: "text-start", id: "a" },
      { type: "text-delta", id: "a", delta: "third" },
      { type: "text-delta", id: "unbegun", delta: "fourth" },
      { type: "reasoning-delta", id: "r", delta: "hm" },
    );
    expect(answer.content).toEqual(
      ["first", "second", "third", "fourth"].map((text) => ({ type: "text", text })),
    );
  });

  it("is bounded, however many blocks there are", () => {
    const blocks = Array.from({ length: 200 }, (_, index): LanguageModelV4StreamPart[] => [
      { type: "text-start", id: `${index}` },
      { type: "text-delta", id: `${index}`, delta: "x".repeat(50_000) },
    ]).flat();
    const files = Array.from({ length: 3_000 }, (): LanguageModelV4StreamPart => ({
      type: "file",
      mediaType: "a/b",
      data: { type: "data", data: "" },
    }));
    const { content } = captured(...blocks, ...files).answer;
    const texts = content.map((part) => (part.type === "text" ? part.text : ""));
    expect(texts.join("").length).toBe(LIMITS.turnChars);
    expect(content.length).toBeLessThanOrEqual(1_024);
  });

  it("knows whether the model has finished, and whether something went wrong", () => {
    const finish = (unified: "stop" | "tool-calls"): LanguageModelV4StreamPart => ({
      type: "finish",
      finishReason: { unified, raw: undefined },
      usage,
    });
    expect(captured(finish("stop"))).toMatchObject({ finished: true, failed: false });
    expect(captured(finish("tool-calls")).finished).toBe(false);
    expect(captured({ type: "error", error: "no" }).failed).toBe(true);
  });
});
