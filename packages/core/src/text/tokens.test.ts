import { expect, it } from "vitest";
import { estimateTokens, tokenWeight } from "./tokens.ts";

// Counts by o200k_base; how close the estimate is on whole texts is measured in test/bench/locomo.
it.each([
  ["", 0],
  ["Hello there, how are you today?", 8],
  ["The quick brown fox jumps over the lazy dog.", 10],
  ["12345 tokens", 3],
  ["저는 서울에 살고 있으며 매일 아침 커피를 마십니다.", 15],
])("estimates %j", (text, tokens) => {
  expect(Math.abs(estimateTokens(text) - tokens)).toBeLessThanOrEqual(Math.max(1, tokens * 0.15));
});

it("adds up, part by part", () => {
  const lines = ["Ada: I moved to Lisbon.\n", "Tom: When was that?\n"];
  const whole = estimateTokens(lines.join(""));
  expect(whole).toBe(Math.ceil(lines.reduce((sum, line) => sum + tokenWeight(line), 0)));
});

it("takes time in proportion, also for a text of spaces", () => {
  expect(estimateTokens(" ".repeat(200_000))).toBeGreaterThan(0);
  expect(estimateTokens("\n \t".repeat(50_000))).toBeGreaterThan(0);
});
