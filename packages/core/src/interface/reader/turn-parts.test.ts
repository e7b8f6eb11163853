import { describe, expect, it } from "vitest";

import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
import type { Candidate } from "./candidate.ts";
import { readFast } from "./read-fast.ts";
import { wholeTurns } from "./turn-parts.ts";

function read(...messages: readonly object[]): ReturnType<typeof readFast> {
  let ids = 0;
  return readFast(messages, { now: 1_000, newId: () => `id-${ids++}`, sessionId: "s" });
}

function textsOf(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ payload }) => (payload.type === "turn" ? payload.text : ""));
}

/** As they would be listed. */
function whole(candidates: readonly Candidate[]) {
  const memories = candidates.map(
    ({ payload, sources }) => ({ header: { sources }, payload }) as unknown as Memory,
  );
  return wholeTurns(memories).map(({ payload }) => payload);
}

describe("a turn that no memory holds whole", () => {
  it.each([
    ["words", "many words ".repeat(150_000)],
    ["one word", "x".repeat(1_500_000)],
    ["pairs of code units", `a${"\u{1F600}".repeat(400_000)}`],
    ["characters that JSON spells out", "\u0001x".repeat(200_000)],
  ])("is kept in parts: %s", (_, text) => {
    const { candidates, rejected } = read({ id: "m", role: "user", content: text });
    expect(rejected).toEqual([]);
    expect(candidates.length).toBeGreaterThan(1);
    expect(textsOf(candidates).join("") === text).toBe(true);
    expect(textsOf(candidates).every((part) => part.isWellFormed())).toBe(true);
    const keys = ["s/m", "s/m#part=1", "s/m#part=2"];
    expect(candidates.slice(0, 3).map(({ externalKey }) => externalKey)).toEqual(
      keys.slice(0, candidates.length),
    );
    expect(candidates.map(({ payload }) => payload)).toMatchObject(
      candidates.map((__, order) => ({ role: "user", sessionId: "s", order })),
    );
    expect(whole(candidates)).toHaveLength(1);
    expect(whole(candidates)[0]).toMatchObject({ order: 0 });
    expect((whole(candidates)[0] as { text: string }).text === text).toBe(true);
  });

  it("is cut between words", () => {
    const { candidates } = read({ role: "user", content: "many words ".repeat(150_000) });
    for (const text of textsOf(candidates)) expect(text.endsWith(" ")).toBe(true);
  });

  it("has what it calls after its words", () => {
    const calls = [{ type: "tool-call", toolCallId: "1", toolName: "draw", input: { a: 1 } }];
    const text = "x".repeat(1_100_000);
    const content = [{ type: "text", text }, ...calls];
    const { candidates } = read({ role: "assistant", content });
    expect(candidates.at(-1)?.payload).toMatchObject({ text: "draw", toolCalls: [{ id: "1" }] });
    const [turn] = whole(candidates);
    expect(turn).toMatchObject({ toolCalls: [{ id: "1", name: "draw", input: { a: 1 } }] });
    expect((turn as { text: string }).text === text).toBe(true);
  });

  it("may be what a tool said", () => {
    const output = "tool ".repeat(300_000);
    const { candidates, rejected } = read({ role: "tool", tool_call_id: "1", content: output });
    expect(rejected).toEqual([]);
    expect(textsOf(candidates).join("") === output).toBe(true);
    const [result] = whole(candidates) as { toolResult?: { id?: string; output?: unknown } }[];
    expect(result?.toolResult?.id).toBe("1");
    expect(result?.toolResult?.output === output).toBe(true);
  });

  it("is refused beyond the bound, and told of", () => {
    const { candidates, rejected } = read({
      role: "user",
      content: "x".repeat(LIMITS.turnChars + 1),
    });
    expect(candidates).toEqual([]);
    expect(rejected).toMatchObject([{ position: "[0]", code: "too-long" }]);
  });
});

it("turns that fit stay as they are, side by side", () => {
  const text = "x".repeat(300_000);
  const { candidates } = read(
    { id: "m", role: "user", content: text },
    { id: "m", role: "user", content: "b" },
    { id: "m", role: "user", content: "c" },
  );
  expect(textsOf(candidates).map(({ length }) => length)).toEqual([300_000, 1, 1]);
  expect(whole(candidates)).toHaveLength(3);
});
