import fc from "fast-check";
import { expect, test } from "vitest";

import type { JsonValue } from "../../memory/index.ts";
import { jsonText } from "./json-text.ts";

test.each<[JsonValue, string]>([
  [{ text: "Our plumber is Mario Rossi." }, "Our plumber is Mario Rossi."],
  [{ content: "Ada skis", since: 2020 }, "Ada skis (since: 2020)"],
  [{ kind: "Memory", content: { content: "Ada skis" } }, "Ada skis (kind: Memory)"],
  [{ data: "User is called Bob", text: "Bob" }, "Bob (data: User is called Bob)"],
  [{ city: "Porto", visited: true, rating: 0 }, "city: Porto; visited: true; rating: 0"],
  [{ food: { likes: ["rice", "beans"], avoids: [] } }, "food (likes: rice, beans)"],
  [{ favouriteColour: "red", home_town: "Turin" }, "favourite colour: red; home town: Turin"],
  [{ IBAN: "DE12", "e-mail": "a@b.c" }, "IBAN: DE12; e-mail: a@b.c"],
  [
    { trips: [{ to: "Rome", in: 2020 }, { text: "Paris, with Bob" }] },
    "trips: (to: Rome; in: 2020), Paris, with Bob",
  ],
  [{ text: "", city: "Porto" }, "city: Porto"],
  [{ text: 7, city: "Porto" }, "text: 7; city: Porto"],
  [{ content: ["a", "b"] }, "content: a, b"],
  [{ a: null, b: "", c: {}, d: [] }, ""],
  ["plain", "plain"],
  [["a", 1, null, false], "a, 1, false"],
  [42, "42"],
  [null, ""],
])("%j reads %j", (value, text) => {
  expect(jsonText(value)).toBe(text);
});

test("no string of a value is lost", () => {
  const word = fc.stringMatching(/^[a-z]{3,8}$/u);
  const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(word, fc.constantFrom("text", "content", "data")), tie("tree"), {
        maxKeys: 4,
      }),
    ),
  }));
  const stringsOf = (value: JsonValue): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null
      ? Object.values(value).flatMap(stringsOf)
      : [];
  };
  fc.assert(
    fc.property(tree, (value) => {
      const words = jsonText(value).match(/[a-z]+/gu) ?? [];
      for (const text of stringsOf(value)) expect(words).toContain(text);
    }),
  );
});
