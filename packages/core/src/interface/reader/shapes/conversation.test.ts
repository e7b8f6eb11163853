import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";

const NOW = Date.UTC(2026, 0, 1);
const read = (input: unknown, sessionId?: string) =>
  readFast(input, { now: NOW, newId: () => "made", sessionId });

describe("{ messages }", () => {
  it("gives its id, title and start to its messages", () => {
    const { candidates, format } = read({
      id: "c1",
      title: "Trip",
      startedAt: "2025-03-01T10:00:00Z",
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "b", at: "2025-03-01T10:05:00Z" },
      ],
    });
    expect(format).toBe("messages");
    expect(candidates).toMatchObject([
      {
        position: "messages[0]",
        tags: ["Trip"],
        at: Date.UTC(2025, 2, 1, 10),
        payload: { sessionId: "c1", order: 0 },
      },
      { position: "messages[1]", at: Date.UTC(2025, 2, 1, 10, 5), payload: { order: 1 } },
    ]);
  });

  it("falls back to the session of the call", () => {
    expect(read({ messages: [{ role: "user", content: "a" }] }, "s9").candidates).toMatchObject([
      { payload: { sessionId: "s9" } },
    ]);
  });

  it("reports elements that are no messages, a bad id and a bad start", () => {
    const messages = [null, "loose text", { content: "no role" }, { role: "user", content: "ok" }];
    const { candidates, rejected } = read({ id: 7, startedAt: "noon", messages });
    expect(candidates).toHaveLength(1);
    expect(rejected.map(({ position, code }) => [position, code])).toEqual([
      ["id", "bad-id"],
      ["startedAt", "bad-date"],
      ["messages[0]", "unknown-shape"],
      ["messages[1]", "unknown-shape"],
      ["messages[2]", "unknown-shape"],
    ]);
  });
});

describe("{ sessions }", () => {
  it("counts the order within each session", () => {
    const { candidates, rejected, format } = read({
      title: "A year",
      sessions: [
        {
          id: "s1",
          startedAt: "2025-01-01T00:00:00Z",
          messages: [
            { role: "user", content: "a" },
            { role: "user", content: "b" },
          ],
        },
        {
          id: "s2",
          startedAt: "2025-02-01T00:00:00Z",
          messages: [{ id: "x", role: "user", content: "c" }],
        },
        { id: "s3" },
      ],
    });
    expect(format).toBe("sessions");
    expect(
      candidates.map(({ payload, position }) => [position, "order" in payload && payload.order]),
    ).toEqual([
      ["sessions[0].messages[0]", 0],
      ["sessions[0].messages[1]", 1],
      ["sessions[1].messages[0]", 0],
    ]);
    expect(candidates[2]).toMatchObject({
      externalKey: "s2/x",
      at: Date.UTC(2025, 1, 1),
      tags: ["A year"],
    });
    expect(rejected).toMatchObject([{ position: "sessions[2]", code: "malformed" }]);
  });

  it("reads the demo conversation to the last message", () => {
    const path = "../../../../../memcube/data/demo-conversation.json";
    const story: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
    const { candidates, rejected, skipped } = read(story);
    expect([rejected, skipped]).toEqual([[], []]);
    expect(candidates.length).toBeGreaterThan(300);
    expect(candidates[2]).toMatchObject({
      payload: { speaker: "Mara", role: "user", sessionId: "s01", order: 2 },
      sources: [{ kind: "message", id: "s01-03" }],
      externalKey: "s01/s01-03",
    });
  });
});
