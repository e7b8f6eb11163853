import { expect, it } from "vitest";

import { LIMITS } from "../../limits.ts";
import { usableId } from "./usable-id.ts";

it("takes what the memory model takes, and only well-formed text", () => {
  expect(usableId("chat/7 ü")).toBe("chat/7 ü");
  const bad = ["", "a\nb", "a\0", "\ud800", "x".repeat(LIMITS.idChars + 1), 7, null, undefined];
  expect(bad.map(usableId)).toEqual(bad.map(() => undefined));
});
