import { expect, it } from "vitest";

import { chunkSize } from "./chunk-size.ts";

it("counts tokens, and long white space too", () => {
  expect(chunkSize("")).toBe(0);
  expect(chunkSize("four words are here")).toBe(5);
  expect(chunkSize(" ".repeat(8_000))).toBe(1_000);
});
