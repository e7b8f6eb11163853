import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";
import { READER_LIMITS } from "../reader-limits.ts";

const NOW = Date.UTC(2026, 0, 1);
const read = (input: unknown) => readFast(input, { now: NOW, newId: () => "made" });
const body = Array(40).fill("This sentence is here to fill the section with some words.").join(" ");

describe("documents", () => {
  it("become chunks with ranges, headings and one source", () => {
    const text = `# Manual\n\n## Setup\n\n${body}\n\n## Use\n\n${body}\n`;
    const { candidates, format } = read({
      text,
      title: "Manual",
      uri: "docs/manual.md",
      mediaType: "text/markdown",
    });
    expect(format).toBe("document");
    expect(candidates).toHaveLength(4);
    for (const [index, { payload, sources, externalKey, position }] of candidates.entries()) {
      const { start, end } = sources[0]!;
      expect(payload).toMatchObject({
        type: "document",
        text: text.slice(start, end),
        title: "Manual",
        uri: "docs/manual.md",
        mediaType: "text/markdown",
        chunk: { index, count: 4 },
      });
      expect(sources).toMatchObject([{ kind: "document", id: "docs/manual.md" }]);
      expect([externalKey, position]).toEqual([`docs/manual.md#part=${index}`, `input#${index}`]);
    }
    expect(candidates[3]?.payload).toMatchObject({ chunk: { heading: ["Manual", "Use"] } });
  });

  it("share a made id when they have no address, and are urls when they have a web address", () => {
    expect(read({ text: "a" }).candidates[0]).toMatchObject({
      sources: [{ kind: "document", id: "made", start: 0, end: 1 }],
      position: "input",
    });
    expect(read({ text: "a", url: "https://x.org/" }).candidates[0]).toMatchObject({
      sources: [{ kind: "url", id: "https://x.org/" }],
    });
  });

  it("keep their date and language, and plain text has no headings", () => {
    const plain = { text: "# 1\n\nb", mediaType: "text/plain", date: "2025-05-08", language: "de" };
    expect(read(plain).candidates).toMatchObject([
      { at: Date.UTC(2025, 4, 8), language: "de", payload: { chunk: { index: 0, count: 1 } } },
    ]);
  });

  it("report what can't be used", () => {
    const codes = (input: unknown): unknown =>
      read(input).rejected.map(({ position, code }) => [position, code]);
    expect(codes({ text: " " })).toEqual([["input", "empty"]]);
    expect(codes({ text: "a", date: "soon" })).toEqual([["date", "bad-date"]]);
    expect(codes({ text: "a", uri: "x".repeat(3_000) })).toEqual([["uri", "too-long"]]);
    const huge = { text: "x".repeat(READER_LIMITS.documentChars + 1) };
    expect(codes([huge])).toEqual([["[0]", "too-long"]]);
  });

  it("keep ranges true where characters had to be mended", () => {
    const text = `a\0b \ud800 ${body} ${body}`;
    for (const { payload, sources } of read({ text }).candidates) {
      const { start = 0, end } = sources[0]!;
      expect(payload).toMatchObject({
        text: text.slice(start, end).replaceAll(/[\0\ud800]/g, "\uFFFD"),
      });
    }
  });
});

describe("strings", () => {
  it("are texts while short, and documents when long", () => {
    const { candidates, format } = read(["one", body.repeat(3)]);
    expect(format).toBe("text");
    expect(candidates[0]).toEqual({
      payload: { type: "text", text: "one" },
      sources: [],
      position: "[0]",
    });
    expect(candidates.slice(1).map(({ payload }) => payload.type)).toContain("document");
  });
});
