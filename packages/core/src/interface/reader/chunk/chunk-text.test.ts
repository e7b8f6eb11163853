import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chunkText } from "./chunk-text.ts";
import { estimateTokens } from "../../../text/index.ts";

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
      expect(estimateTokens(text)).toBeGreaterThanOrEqual(200);
      expect(estimateTokens(text)).toBeLessThanOrEqual(400);
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
    expect(cut(`Intro.\n\n${fence(200)}\n\nAfter.`).some(({ text }) => text === fence(200))).toBe(
      true,
    );
    const cutUp = cut(fence(2_000));
    expect(cutUp.length).toBeGreaterThan(10);
    expect(cutUp.slice(0, -1).every(({ text }) => text.endsWith(";"))).toBe(true);
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
        fc.array(part, { maxLength: 300 }),
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
