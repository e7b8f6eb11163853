import { describe, expect, it } from "vitest";

import { blocksOf } from "./blocks.ts";

function shape(text: string, markdown = true): string[] {
  return blocksOf(text, markdown).map(({ kind, level, title, start, end }) =>
    kind === "heading" ? `h${level} ${title}` : `${kind} ${JSON.stringify(text.slice(start, end))}`,
  );
}

describe("blocksOf", () => {
  it("finds headings of both kinds and their levels", () => {
    const text = "# One #\n\nTwo\n===\n\nThree\n---\n\n###### Six\n#no heading\n\n####### seven";
    expect(shape(text)).toEqual([
      "h1 One",
      "h1 Two",
      "h2 Three",
      "h6 Six",
      'paragraph "#no heading\\n"',
      'paragraph "####### seven"',
    ]);
  });

  it("keeps a fence together, with blank lines and headings inside", () => {
    const text = "```md\n# not a heading\n\n~~~\n```\nafter";
    expect(shape(text)).toEqual([
      'fence "```md\\n# not a heading\\n\\n~~~\\n```\\n"',
      'paragraph "after"',
    ]);
  });

  it("ends an unclosed fence with the text", () => {
    expect(shape("````\n```\nx")).toEqual(['fence "````\\n```\\nx"']);
  });

  it("does not take a rule below two lines for a heading", () => {
    expect(shape("one\ntwo\n---\nthree")).toEqual(['paragraph "one\\ntwo\\n---\\nthree"']);
  });

  it("understands Windows line ends", () => {
    expect(shape("# A\r\n\r\nb\r\n\r\nc")).toEqual([
      "h1 A",
      'paragraph "b\\r\\n"',
      'paragraph "c"',
    ]);
  });

  it("sees only paragraphs in plain text", () => {
    expect(shape("# A\n```\n\nb", false)).toEqual(['paragraph "# A\\n```\\n"', 'paragraph "b"']);
  });

  it("is linear in the face of long lines and many marks", () => {
    const hostile = `${"#".repeat(200_000)}\n${"# ".repeat(200_000)}\n${"=".repeat(200_000)}`;
    expect(blocksOf(hostile, true).length).toBeLessThan(4);
  });
});
