import { expect, it } from "vitest";
import { relatedTerms } from "./related-words.ts";
import { indexTerms, toTerm } from "./terms.ts";

it.each([
  [
    "When did Ada buy the two paintings?",
    "I bought 2 painted pots, Ada!",
    ["bui", "2", "paint", "ada"],
  ],
  ["the children's 3rd book", "My child has a book 3", ["child", "book", "3"]],
])("finds the words of %j in %j", (question, text, shared) => {
  const terms = new Set(indexTerms(text));
  expect(
    indexTerms(question)
      .filter((term) => terms.has(term))
      .toSorted(),
  ).toEqual(shared.toSorted());
});

it("leaves stop words out, unless there is nothing else", () => {
  expect(indexTerms("What is it about?")).not.toEqual([]);
  expect(indexTerms("What is the plan about?")).toEqual(["plan"]);
  expect(indexTerms("")).toEqual([]);
});

it("knows everyday words that stand for one another, and members of a kind", () => {
  expect(relatedTerms(toTerm("kids"))).toContain(toTerm("child"));
  expect(relatedTerms(toTerm("instruments"))).toContain(toTerm("violin"));
  expect(relatedTerms(toTerm("violin"))).not.toContain(toTerm("instruments"));
  expect(relatedTerms("zebu")).toEqual([]);
});
