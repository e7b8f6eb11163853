import { expect, it } from "vitest";

import { estimateTokens } from "./estimate-tokens.ts";

it("counts four characters of an alphabet, or one ideograph, as a token", () => {
  expect(estimateTokens("")).toBe(0);
  expect(estimateTokens("four char word here!")).toBe(5);
  expect(estimateTokens("東京タワー")).toBe(5);
  expect(estimateTokens("서울 city")).toBe(4);
});
