import { describe, expect, it } from "vitest";

import { suggest } from "./suggest.ts";

const COMMANDS = ["add", "search", "list", "show", "history", "log", "export", "import"];

describe("suggest", () => {
  it.each([
    ["serch", "search"],
    ["saerch", "search"],
    ["SEARCH", "search"],
    ["hist", "history"],
    ["exprot", "export"],
    ["lst", "list"],
    ["ad", "add"],
  ])("takes %s for %s", (word, meant) => {
    expect(suggest(word, COMMANDS)).toBe(meant);
  });

  it.each(["", "x", "frobnicate", "remember"])("guesses nothing for %j", (word) => {
    expect(suggest(word, COMMANDS)).toBeUndefined();
  });
});
