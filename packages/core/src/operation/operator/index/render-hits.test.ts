import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderHits, type RenderRecord } from "./render-hits.ts";

const DAY = Date.UTC(2023, 4, 8, 13);
const turn = (
  id: string,
  speaker: string,
  text: string,
  order: number,
  at = DAY,
): RenderRecord => ({
  id,
  type: "turn",
  speaker,
  text,
  sessionId: `s${at}`,
  order,
  at,
});

const RECORDS: readonly RenderRecord[] = [
  turn("3", "Tom", "And how is Lisbon?", 2, DAY + 86_400_000),
  turn("2", "Ada", "I moved to Lisbon.", 1),
  { id: "9", type: "fact", text: "Ada is allergic to nuts." },
  { ...turn("1", "Tom", "Hi Ada!\n\nLook at this.", 0), caption: "a photo of a dog" },
  {
    id: "d",
    type: "document",
    title: "Manual",
    text: "Press the button.",
    sessionId: "manual",
    order: 0,
  },
];

describe("renderHits", () => {
  it("writes in the order of time, one header a session", () => {
    const { text, ids } = renderHits(RECORDS, { budgetTokens: 500 });
    expect(text).toBe(
      [
        "- Ada is allergic to nuts.",
        "Manual:",
        "- Press the button.",
        "8 May 2023:",
        "Tom: Hi Ada!\nLook at this. [a photo of a dog]",
        "Ada: I moved to Lisbon.",
        "9 May 2023:",
        "Tom: And how is Lisbon?",
      ].join("\n"),
    );
    expect(ids).toEqual(["3", "2", "9", "1", "d"]);
  });

  it("gives the same bytes for the same memories in any rank", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...RECORDS]), (some) => {
        const sorted = some.toSorted((one, other) => (one.id < other.id ? -1 : 1));
        expect(renderHits(some, { budgetTokens: 500 }).text).toBe(
          renderHits(sorted, { budgetTokens: 500 }).text,
        );
      }),
    );
  });

  it("never goes over the budget, and passes over what does not fit", () => {
    const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...RECORDS]),
        fc.integer({ min: 0, max: 40 }),
        (some, budgetTokens) => {
          const { text, tokens, ids } = renderHits(some, { budgetTokens, countTokens: words });
          expect(words(text)).toBeLessThanOrEqual(budgetTokens);
          expect(tokens).toBe(words(text));
          expect(some.map(({ id }) => id).filter((id) => ids.includes(id))).toEqual(ids);
        },
      ),
    );
    const long = turn("long", "Tom", "word ".repeat(300), 5);
    expect(renderHits([long, ...RECORDS], { budgetTokens: 100 }).ids).not.toContain("long");
    expect(renderHits([long, ...RECORDS], { budgetTokens: 100 }).ids).toContain("2");
  });

  it("is empty for nothing", () => {
    expect(renderHits([], { budgetTokens: 100 })).toEqual({ text: "", tokens: 0, ids: [] });
    expect(renderHits(RECORDS, { budgetTokens: 0 })).toEqual({ text: "", tokens: 0, ids: [] });
  });
});
