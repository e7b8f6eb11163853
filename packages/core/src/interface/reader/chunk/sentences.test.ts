import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chunkSize } from "./chunk-size.ts";
import { sentencesOf } from "./sentences.ts";

function cut(text: string, maxTokens = 1_000): string[] {
  const ranges = sentencesOf(text, { start: 0, end: text.length }, maxTokens);
  return ranges.map(({ start, end }) => text.slice(start, end));
}

describe("sentencesOf", () => {
  it("cuts after sentences, not after abbreviations, initials and numbers", () => {
    const text = 'Dr. Reed met J. Ortiz at 3.50 p.m. "Ready?" he asked. They left… Done';
    expect(cut(text)).toEqual([
      'Dr. Reed met J. Ortiz at 3.50 p.m. "Ready?"',
      " he asked.",
      " They left…",
      " Done",
    ]);
  });

  it("cuts Chinese and Japanese sentences, which have no spaces", () => {
    expect(cut("你好。我住在上海！「本当？」はい")).toEqual([
      "你好。",
      "我住在上海！",
      "「本当？」",
      "はい",
    ]);
  });

  it("cuts lists and tables between their lines", () => {
    expect(cut("Bring:\n- rope\n- two maps\n1. first")).toEqual([
      "Bring:\n",
      "- rope\n",
      "- two maps\n",
      "1. first",
    ]);
  });

  it("cuts an endless sentence at words, and a wall of characters between characters", () => {
    const words = "word ".repeat(400).trim();
    expect(cut(words, 50).every((part) => part.length <= 260)).toBe(true);
    expect(cut(words, 50).every((part) => !/^ord|wor$/.test(part))).toBe(true);
    expect(cut("😀".repeat(500), 20).every((part) => part.isWellFormed())).toBe(true);
  });

  it("leaves no gap and goes over no limit", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("a", " ", ". ", "\n", "- ", "字", "。", "😀"),
          maxLength: 400,
          size: "max",
        }),
        fc.integer({ min: 5, max: 60 }),
        (text, max) => {
          const parts = cut(text, max);
          expect(parts.join("")).toBe(text);
          for (const part of parts) expect(chunkSize(part)).toBeLessThanOrEqual(2 * max);
        },
      ),
    );
  });
});
