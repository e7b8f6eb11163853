import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readMemoryCall } from "./index.ts";

const NOW = Date.UTC(2025, 5, 18, 15, 30);
const read = (text: string) => readMemoryCall(text, { now: NOW });

describe("readMemoryCall", () => {
  it("reads intent, time, names and anchors", () => {
    expect(read('How often did Ada Reed mention "blue door" in May 2025?')).toEqual({
      query: 'How often did Ada Reed mention "blue door" in May 2025?',
      intent: "count",
      time: { from: Date.UTC(2025, 4, 1), to: Date.UTC(2025, 5, 1) },
      entities: ["Ada Reed"],
      anchors: ["blue door"],
    });
  });

  it.each([
    ["When did Bo move?", "temporal"],
    ["Since when does she paint?", "temporal"],
    ["How many dogs are there?", "count"],
    ["How do I reset the router?", "procedure"],
    ["What is his favorite dish?", "preference"],
    ["Is she allergic to nuts?", "preference"],
    ["Where does Bo live?", "recall"],
    ["", "recall"],
  ])("knows what is wanted: %s", (text, intent) => {
    expect(read(text).intent).toBe(intent);
  });

  it.each([
    ["Where does Ada live?", ["Ada"]],
    ["Did Ada's sister meet Bo and Ada on Monday in June?", ["Ada", "Bo"]],
    ["Remind me what the Museum of Modern Art costs", ["Museum of Modern Art"]],
    ["Könnte Émile in Saint-Malo sein?", ["Könnte Émile", "Saint-Malo"]],
    ["what did i say", []],
  ])("finds names: %s", (text, entities) => {
    expect(read(text).entities).toEqual(entities);
  });

  it.each([
    ["the “red notebook” and «bleu»", ["red notebook", "bleu"]],
    ["serial LX-4471-B, firmware v2.1.", ["LX-4471-B", "v2.1"]],
    [
      "write to a.b@example.org (see https://example.org/x?y=1) #trip",
      ["a.b@example.org", "https://example.org/x?y=1", "#trip"],
    ],
    ["the 3rd of 20 at 5pm", []],
  ])("finds what must match to the letter: %s", (text, anchors) => {
    expect(read(text).anchors).toEqual(anchors);
  });

  it("stays quick, bounded and well-formed on any text", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("Ada ", '"', "a-1 ", "in May ", "last week ", "😀", "\0"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200, size: "max" }), (pieces) => {
        const call = read(pieces.join(""));
        expect(call.query.isWellFormed()).toBe(true);
        expect(call.entities.length).toBeLessThanOrEqual(32);
        expect(call.anchors.length).toBeLessThanOrEqual(32);
      }),
    );
    expect(read("A".repeat(1_000_000)).entities).toHaveLength(1);
    expect(read("Aa ".repeat(100_000)).query).toHaveLength(300_000);
  });

  it("throws TypeError for a query that is no text", () => {
    expect(() => read(7 as never)).toThrow(TypeError);
  });
});
