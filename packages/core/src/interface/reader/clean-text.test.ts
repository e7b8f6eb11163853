import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cleanText, firstChars, hasContent } from "./clean-text.ts";

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
});

describe("cleanText", () => {
  it("is well-formed, without NUL, and keeps every other character in its place", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toContain("\0");
        expect(clean).toHaveLength(text.length);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
    expect(cleanText("a\0b\ud800c 😀")).toBe("a\uFFFDb\uFFFDc 😀");
  });
});

describe("hasContent", () => {
  it("sees through spaces, controls and invisible marks", () => {
    expect(["", " \n\t", "\0\0", "\u200B\uFEFF", "\uFFFD"].some(hasContent)).toBe(false);
    expect(["a", "。", "😀", "?", " 1 "].every(hasContent)).toBe(true);
  });
});

describe("firstChars", () => {
  it("does not cut a pair in two", () => {
    expect(firstChars("ab😀", 3)).toBe("ab");
    expect(firstChars("ab😀", 4)).toBe("ab😀");
  });
});
