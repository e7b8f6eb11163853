import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chunkText } from "./chunk-text.ts";
import { chunkSize } from "./chunk-size.ts";

const sentence = (words: number): string => `${"word ".repeat(words).trim()}.`;
const paragraph = (sentences: number): string => Array(sentences).fill(sentence(9)).join(" ");

function cut(text: string, chunkTokens = 300): { text: string; heading: readonly string[] }[] {
  return chunkText(text, { chunkTokens, markdown: true }).map(({ start, end, heading }) => ({
    text: text.slice(start, end),
    heading,
  }));
}

describe("chunkText", () => {
  it("keeps a short document whole", () => {
    expect(cut("# Tea\n\nGreen.\n")).toEqual([{ text: "# Tea\n\nGreen.", heading: ["Tea"] }]);
  });

  it("packs paragraphs to between two and four thirds of the aim", () => {
    const chunks = cut(Array(40).fill(paragraph(6)).join("\n\n"));
    for (const { text } of chunks.slice(0, -1)) {
      expect(chunkSize(text)).toBeGreaterThanOrEqual(200);
      expect(chunkSize(text)).toBeLessThanOrEqual(400);
    }
  });

  it("cuts a long paragraph between sentences", () => {
    const chunks = cut(paragraph(200));
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.every(({ text }) => text.startsWith("word") && text.endsWith("."))).toBe(true);
  });

  it("begins a chunk with each section that is big enough, and knows its headings", () => {
    const text = `# Book\n\n## One\n\n${paragraph(25)}\n\n## Two\n\n### Deep\n\n${paragraph(25)}`;
    const chunks = cut(text);
    expect(chunks.map(({ heading }) => heading)).toEqual([["Book"], ["Book", "Two"]]);
    expect(chunks[1]?.text).toMatch(/^## Two\n\n### Deep\n\nword/);
  });

  it("joins small neighbours under one heading, but not two books", () => {
    const faq = "# FAQ\n\n## A\n\nYes.\n\n## B\n\nNo.\n\n# Other\n\nMore.";
    expect(cut(faq)).toEqual([
      { text: "# FAQ\n\n## A\n\nYes.\n\n## B\n\nNo.", heading: ["FAQ"] },
      { text: "# Other\n\nMore.", heading: ["Other"] },
    ]);
  });

  it("never leaves a heading at the end of the chunk before its text", () => {
    const text = `# H\n\n## A\n\n${paragraph(8)}\n\n## B\n\n${paragraph(30)}`;
    for (const chunk of cut(text)) expect(chunk.text).not.toMatch(/## B$/);
  });

  it("keeps a code fence whole beyond the limit, and cuts it only when it is huge", () => {
    const fence = (lines: number): string => `\`\`\`\n${"let value = 1;\n".repeat(lines)}\`\`\``;
    expect(cut(`Intro.\n\n${fence(150)}\n\nAfter.`).some(({ text }) => text === fence(150))).toBe(
      true,
    );
    const cutUp = cut(fence(2_000));
    expect(cutUp.length).toBeGreaterThan(10);
    expect(cutUp.slice(0, -1).every(({ text }) => text.endsWith(";"))).toBe(true);
  });

  it("takes time in proportion to the text, whatever it is made of", () => {
    const hostile = [
      ".",
      "# h\n",
      "---\n",
      " ",
      "| a\n",
      "> ",
      "\n- ",
      "```",
      "字",
      "a. ",
      "\n\na",
    ];
    for (const part of hostile) {
      const chunks = cut(`x\ny\n${part.repeat(50_000)}z`);
      expect(chunks.every(({ text }) => chunkSize(text) <= 1_200)).toBe(true);
      expect(chunks.at(-1)?.text).toMatch(/z$/);
    }
  }, 10_000);

  it("makes no chunk of white space", () => {
    expect(cut(`a${" ".repeat(100_000)}b`).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(cut(`a${"\n".repeat(100_000)}b`).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(cut(" \n ".repeat(10_000))).toEqual([]);
  });

  it("puts every visible character into exactly one chunk, in order", () => {
    const part = fc.constantFrom(
      "# A\n",
      "## B\n",
      "text ",
      "end. ",
      "\n",
      "\n\n",
      "```\n",
      "---\n",
      "- x\n",
      "字。",
      "😀",
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 400, size: "max" }),
        fc.integer({ min: 20, max: 60 }),
        (parts, chunkTokens) => {
          const text = parts.join("");
          const chunks = chunkText(text, { chunkTokens, markdown: true });
          let end = 0;
          for (const chunk of chunks) {
            expect(text.slice(end, chunk.start).trim()).toBe("");
            expect(chunk.end).toBeGreaterThan(chunk.start);
            expect(text.slice(chunk.start, chunk.end)).toBe(
              text.slice(chunk.start, chunk.end).trim(),
            );
            end = chunk.end;
          }
          expect(text.slice(end).trim()).toBe("");
        },
      ),
    );
  });
});
