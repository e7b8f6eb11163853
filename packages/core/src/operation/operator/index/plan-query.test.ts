import { describe, expect, it } from "vitest";
import { planQuery, type Vocabulary } from "./plan-query.ts";
import { SpeakerNames } from "./speaker-names.ts";

/** Every word is known; the longer, the rarer. */
const vocabulary = (names: readonly string[] = []): Vocabulary => {
  const words: string[] = [""];
  const speakers = new SpeakerNames();
  speakers.update(names);
  return {
    termOf: (word) => {
      if (!words.includes(word)) words.push(word);
      return words.indexOf(word);
    },
    frequencyOf: (term) => 100 - (words[term]?.length ?? 0),
    speakers,
    isVisible: () => true,
  };
};

const plan = (text: string, names?: readonly string[]) =>
  planQuery(text, 0, vocabulary(names), 0.3);

describe("planQuery", () => {
  it("finds who is named, also by a short name with a capital", () => {
    expect(plan("What did Melanie paint?", ["Melanie Ho", "Tom"]).named).toEqual([0]);
    expect(plan("What did Mel paint?", ["Melanie Ho", "Tom"]).named).toEqual([0]);
    expect(plan("Which car did Tom buy?", ["Caroline", "Tom"]).named).toEqual([1]);
    expect(plan("What did the user say?", ["user", "assistant"]).named).toEqual([]);
  });

  it("keeps a name as a word when nothing else is asked", () => {
    expect(plan("Melanie?", ["Melanie"]).slots.some(({ name }) => name)).toBe(false);
    expect(plan("Melanie painting?", ["Melanie"]).slots.filter(({ name }) => name)).toHaveLength(1);
  });

  it("does not look for the words that make it a question", () => {
    const frequent: string[] = [];
    const known = { ...vocabulary(), termOf: (word: string) => frequent.push(word) };
    planQuery("How long did you say the cake should bake?", 0, known, 0);
    expect(frequent).toEqual(["cake", "bake"]);
    frequent.length = 0;
    planQuery("How much?", 0, known, 0);
    expect(frequent).not.toEqual([]);
  });

  it("adds related words for less", () => {
    const weights = plan("my kids").slots.map(({ weight }) => weight);
    expect(weights[0]).toBe(1);
    expect(weights.slice(1).every((weight) => weight === 0.3)).toBe(true);
    expect(weights.length).toBeGreaterThan(1);
  });

  it("takes the telling words of a long message, from both ends", () => {
    const filler = Array.from({ length: 40 }, (_, at) => `w${at}`).join(" ");
    const { slots } = plan(`extraordinarily ${filler} ${"x ".repeat(5_000)} incomprehensible`);
    expect(slots.length).toBeLessThanOrEqual(32);
    const first = plan("extraordinarily").slots[0];
    expect(first).toBeDefined();
    expect(slots.some(({ place }) => place === 0)).toBe(true);
    expect(Math.max(...slots.map(({ place }) => place))).toBeGreaterThan(40);
  });
});
