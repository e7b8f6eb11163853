import { expect, test } from "vitest";

import { relevanceOf } from "./relevance.ts";

const TAX = "Answers questions about German tax law: VAT, income tax, deadlines.";

test.each([
  ["What is the VAT deadline in German tax law?", 0.4, 1],
  ["When do I have to pay income tax?", 0.4, 1],
  // One word in common is met by chance.
  ["What questions do you have?", 0, 0],
  ["What shall I eat tonight?", 0, 0],
  ["", 0, 0],
])("how far a description is about %j", (question, least, most) => {
  const relevance = relevanceOf(TAX, question, 0);
  expect(relevance).toBeGreaterThanOrEqual(least);
  expect(relevance).toBeLessThanOrEqual(most);
  expect(relevanceOf("", question, 0)).toBe(0);
});
