import { describe, expect, test } from "vitest";

import { groupMessages } from "./group-messages.ts";
import { answers, calls, says, unknown, user } from "./messages.testing.ts";

describe("groups of messages", () => {
  test.each([
    ["nothing", [], []],
    ["talk", [user(), says()], [1, 1]],
    ["a call and its result", [user(), calls("a"), answers("a"), says()], [1, 2, 1]],
    ["parallel calls", [calls("a", "b"), answers("a"), answers("b"), says()], [3, 1]],
    ["a user who speaks between", [calls("a"), user(), answers("a")], [3]],
    ["calls that overlap", [calls("a"), calls("b"), answers("a"), answers("b")], [4]],
    ["the same id again", [calls("0"), answers("0"), calls("0"), answers("0")], [2, 2]],
    ["a call nobody answered yet", [user(), calls("a")], [1, 1]],
    ["an answer to nothing", [answers("a"), says()], [1, 1]],
    ["an approval in between", [calls("a", "p"), answers("p"), answers("a")], [3]],
    ["what is not understood", [user(), says(), unknown(), says(), user()], [1, 3, 1]],
    ["only what is not understood", [unknown()], [1]],
  ])("%s", (_, messages, sizes) => {
    expect(groupMessages(messages).map(({ start, end }) => end - start)).toEqual(sizes);
  });
});
