import { describe, expect, it } from "vitest";
import { CubeIndex } from "./cube-index.ts";

const cube = (
  rows: readonly (readonly [text: string, vector?: readonly number[]])[],
): CubeIndex => {
  const index = new CubeIndex();
  for (const [at, [text, vector]] of rows.entries())
    index.upsert({
      id: `f${at}`,
      version: 1,
      visibility: "open",
      type: "fact",
      text,
      tags: [],
      entities: [],
      vector: vector && Float32Array.from(vector),
    });
  return index;
};

const sure = (index: CubeIndex, text: string, vector?: readonly number[]): number =>
  index.search({
    text,
    vector: vector && Float32Array.from(vector),
    limit: 5,
    permits: () => true,
    now: 0,
  }).confidence;

const FACTS = [
  "Ada lives in Porto.",
  "Backups are kept for 35 days.",
  "Contoso has 340 seats.",
  "User prefers TypeScript over JavaScript.",
] as const;

describe("confidence in a cube of a few facts", () => {
  it.each([
    ["Where does Ada live?", FACTS[0]],
    ["How long are backups kept?", FACTS[1]],
    ["How many seats does Contoso have?", FACTS[2]],
    ["TypeScript or JavaScript?", FACTS[3]],
  ])("is high for %j, alone or among others", (question, fact) => {
    expect(sure(cube([[fact]]), question)).toBeGreaterThan(0.7);
    expect(sure(cube(FACTS.map((text) => [text])), question)).toBeGreaterThan(0.7);
  });

  it.each(["Who won the cup?", "What does Ada earn per month?", "Who runs Contoso's legal team?"])(
    "is low for %j",
    (question) => {
      expect(sure(cube(FACTS.map((text) => [text])), question)).toBeLessThan(0.35);
      expect(sure(cube([[FACTS[0]]]), question)).toBeLessThan(0.35);
    },
  );

  it("counts a related word as good as half", () => {
    const related = sure(cube([[FACTS[3]]]), "Which language does the user prefer?");
    expect(related).toBeGreaterThan(
      sure(cube([[FACTS[3]]]), "Which sandwich does the user prefer?"),
    );
  });
});

describe("confidence with vectors", () => {
  const around = (angle: number): number[] => [Math.cos(angle), Math.sin(angle), 0, 0];
  const rows = FACTS.map((text, at) => [text, around(at === 0 ? 0.1 : 1.2 + at / 9)] as const);

  it("is raised by a row that is clearly alike, though it shares no word", () => {
    const question = "Which town is home for the engineer?";
    expect(sure(cube(rows), question, around(0.1))).toBeGreaterThan(0.7);
    expect(sure(cube(rows), question, [0, 0, 1, 0.1])).toBeLessThan(0.2);
  });

  it("is not raised by cosines that all rows have", () => {
    const alike = Array.from(
      { length: 40 },
      (_, at) => [`note ${at} on matter ${at * 7}`, [1, 0.3, at / 200, 0]] as const,
    );
    expect(sure(cube(alike), "Which town is home for the engineer?", [1, 0, 0, 0])).toBeLessThan(
      0.3,
    );
  });
});
