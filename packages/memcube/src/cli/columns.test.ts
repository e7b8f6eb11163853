import { describe, expect, it } from "vitest";

import { alignColumns, cutTo, widthOf, wrapTo } from "./columns.ts";

describe("widthOf", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["東京", 4],
    ["é", 1],
    ["e\u0301", 1],
  ])("of %j is %i", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe("cutTo", () => {
  it("keeps what fits and marks what does not", () => {
    expect(cutTo("abc", 3)).toBe("abc");
    expect(cutTo("abcd", 3)).toBe("ab…");
    expect(widthOf(cutTo("東京都庁", 5))).toBeLessThanOrEqual(5);
  });
});

describe("wrapTo", () => {
  it("breaks between words, and nowhere else", () => {
    expect(wrapTo("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapTo("unbreakable", 4)).toEqual(["unbreakable"]);
    expect(wrapTo("", 4)).toEqual([""]);
  });
});

describe("alignColumns", () => {
  it("aligns by cells, also wide ones", () => {
    const rows = [
      ["a", "東京", "first"],
      ["bcd", "x", "second"],
    ];
    expect(alignColumns(rows)).toEqual(["a    東京  first", "bcd  x     second"]);
  });

  it("cuts lines to the terminal", () => {
    expect(alignColumns([["id", "a long text"]], 8)).toEqual(["id  a l…"]);
  });

  it("makes nothing of nothing", () => {
    expect(alignColumns([])).toEqual([]);
  });
});
