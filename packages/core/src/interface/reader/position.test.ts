import { expect, it } from "vitest";

import { elementOf, fieldOf, ROOT, shareOf, shownPosition } from "./position.ts";

it("writes a position as one would in code", () => {
  expect(elementOf(ROOT, 3)).toBe("[3]");
  expect(elementOf(fieldOf(ROOT, "messages"), 3)).toBe("messages[3]");
  expect(fieldOf("messages[3]", "id")).toBe("messages[3].id");
  expect(fieldOf("mapping", "aaa-1")).toBe('mapping["aaa-1"]');
  expect([shareOf("[3]", 1), shareOf(ROOT, 1)]).toEqual(["[3]#1", "input#1"]);
  expect(shownPosition(ROOT)).toBe("input");
});
