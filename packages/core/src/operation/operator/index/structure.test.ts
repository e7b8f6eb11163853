import { describe, expect, it } from "vitest";
import { CubeIndex } from "./cube-index.ts";
import type { IndexDocument } from "./document.ts";

const NOW = Date.UTC(2025, 0, 1);

const talk = (speakers: readonly string[], texts: readonly string[]): CubeIndex => {
  const index = new CubeIndex();
  for (const [order, text] of texts.entries()) {
    index.upsert({
      id: `t${order}`,
      version: 1,
      visibility: "open",
      type: "turn",
      text,
      speaker: speakers[order % speakers.length],
      sessionId: "s",
      order,
      tags: [],
      entities: [],
    } satisfies IndexDocument);
  }
  return index;
};

const find = (index: CubeIndex, text: string) =>
  index.search({ text, limit: 10, permits: () => true, now: NOW });

const LAPTOP = [
  "Tea went over my laptop, and now it is dead.",
  "Oh no! Which model is it? If you have the serial number, shall I write it down for the laptop repair?",
  "Please. I'm too sad to think.",
  "Then the laptop first: the shop will ask for the serial number and the proof of purchase.",
  "It's a Tessel Book 14, serial number TB14-77K2-0931.",
  "Noted. Shall we go on?",
  "Thank you so much!",
];

describe("what turns lend to one another", () => {
  it("ranks a turn that says nothing below what it borrows from", () => {
    const { hits } = find(
      talk(["Mara", "Iris"], LAPTOP),
      "What is the serial number of Mara's laptop?",
    );
    expect(hits[0]?.id).toBe("t4");
    const rank = (id: string): number => hits.findIndex((hit) => hit.id === id);
    for (const filler of ["t2", "t6"]) expect([-1, 0, 1]).not.toContain(rank(filler));
    expect(hits[rank("t2")]?.why.answer).toBeUndefined();
  });

  it("still finds an answer that shares no word with the question", () => {
    const { hits } = find(
      talk(
        ["Ada", "Tom"],
        [
          "Let us talk about the garden.",
          "Sure. Where did you buy the wheelbarrow?",
          "From old Mr. Hayes in Cork, for next to nothing.",
          "Amazing!",
        ],
      ),
      "Where did Ada buy the wheelbarrow?",
    );
    expect(hits[0]).toMatchObject({ id: "t2", why: { answer: true } });
  });

  it("explains by words in 0..1, whatever the surroundings add", () => {
    for (const { why } of find(talk(["Mara", "Iris"], LAPTOP), "laptop serial number").hits) {
      expect(why.lexical ?? 0).toBeLessThanOrEqual(1);
      expect(why.neighbours ?? 0).toBeLessThanOrEqual(1);
    }
  });

  it("prefers the last answer where the question asks for what is so now", () => {
    const index = new CubeIndex();
    for (const [id, text, at] of [
      ["old", "I live in Hamburg.", NOW - 9e9],
      ["new", "I live in Ruzafa.", NOW - 1e9],
    ] as const)
      index.upsert({
        id,
        version: 1,
        visibility: "open",
        type: "fact",
        text,
        at,
        tags: [],
        entities: [],
      });
    expect(find(index, "Where do I live now?").hits[0]?.id).toBe("new");
  });
});

it("gives what was said many times one place at the top", () => {
  const again = Array.from({ length: 6 }, () => "Where is the spare key of the car?");
  const index = talk(
    ["user"],
    [...again, "I keep the spare key under the blue flower pot, not in the car."],
  );
  const { hits } = find(index, "spare key of the car");
  expect(hits.slice(0, 3).map(({ id }) => id)).toContain("t6");
  expect(hits).toHaveLength(7);
});

it("finds a single Chinese character within a longer run", () => {
  const index = talk(["user"], ["我喜欢喝绿茶。", "用户住在北京"]);
  expect(find(index, "茶").hits.map(({ id }) => id)[0]).toBe("t0");
  expect(find(index, "用户住在哪里").hits[0]?.id).toBe("t1");
});
