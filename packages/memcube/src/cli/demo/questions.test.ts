import { describe, expect, it } from "vitest";

import { Failure } from "../failure.ts";
import { bundledMaterial, givenMaterial } from "./questions.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("the bundled material", () => {
  const material = bundledMaterial();
  const text = new TextDecoder().decode(material.bytes);

  it("asks about messages that are in the conversation", () => {
    expect(material.questions.length).toBeGreaterThan(10);
    for (const { question, evidence } of material.questions) {
      expect(question).not.toBe("");
      for (const id of evidence) expect(text).toContain(`"${id}"`);
    }
    expect(material.questions.some(({ evidence }) => evidence.length === 0)).toBe(true);
  });

  it("changes a message that is there", () => {
    expect(text).toContain(`"${material.update?.messageId}"`);
  });
});

describe("a given file", () => {
  const sample = (id: string, count: number) => ({
    sample_id: id,
    conversation: { session_1: [] },
    qa: Array.from({ length: count }, (_, index) => ({
      question: `${id} ${index}?`,
      answer: index,
      evidence: index % 2 === 0 ? ["D1:1"] : [],
    })),
  });

  it("brings the questions of LoCoMo that have evidence, spread over the file", () => {
    const { questions } = givenMaterial(
      "x.json",
      bytesOf([sample("a", 100), sample("b", 100)]),
      [],
    );
    expect(questions).toHaveLength(20);
    expect(new Set(questions.map(({ within }) => within))).toEqual(new Set(["a/", "b/"]));
    expect(questions.every(({ evidence }) => evidence.length > 0)).toBe(true);
  });

  it("is asked what was given instead", () => {
    const { questions } = givenMaterial("x.json", bytesOf([]), ["What?"]);
    expect(questions).toEqual([{ question: "What?", evidence: [] }]);
  });

  it("must bring questions, and be JSON", () => {
    expect(() => givenMaterial("x.json", bytesOf([{ messages: [] }]), [])).toThrow(Failure);
    expect(() => givenMaterial("x.json", new TextEncoder().encode("no"), [])).toThrow("no JSON");
  });
});
