import { expect, it } from "vitest";

import { readFast } from "../index.ts";

const NOW = Date.UTC(2026, 0, 1);

it("reads AI SDK's UI messages: text, tools, files, metadata", () => {
  const { candidates, rejected, format } = readFast(
    [
      {
        id: "u1",
        role: "user",
        metadata: { createdAt: NOW },
        parts: [
          { type: "text", text: "Weather here?" },
          { type: "file", mediaType: "image/jpeg", filename: "view.jpg", url: "data:x" },
        ],
      },
      {
        id: "a1",
        role: "assistant",
        parts: [
          { type: "step-start" },
          { type: "reasoning", text: "Porto, then." },
          {
            type: "tool-weather",
            toolCallId: "c1",
            state: "output-available",
            input: { city: "Porto" },
            output: { celsius: 21 },
          },
          { type: "step-start" },
          { type: "text", text: "It is 21 degrees." },
        ],
      },
    ],
    { now: NOW, newId: () => "made", sessionId: "chat" },
  );
  expect(format).toBe("ai-sdk-ui");
  expect(rejected).toEqual([]);
  expect(candidates).toMatchObject([
    {
      externalKey: "chat/u1",
      at: NOW,
      payload: { text: "Weather here?", caption: "view.jpg", order: 0 },
    },
    {
      externalKey: "chat/a1",
      payload: {
        text: "It is 21 degrees.",
        toolCalls: [{ id: "c1", name: "weather", input: { city: "Porto" } }],
        order: 1,
      },
    },
    {
      externalKey: "chat/a1#0",
      position: "[1]#0",
      payload: { role: "tool", toolResult: { id: "c1", output: { celsius: 21 } }, order: 2 },
      sources: [{ id: "a1" }],
    },
  ]);
});

it("names the part that it does not know", () => {
  const message = {
    id: "u1",
    role: "user",
    parts: [{ type: "text", text: "a" }, { type: "smell" }],
  };
  const { rejected } = readFast({ messages: [message] }, { now: NOW, newId: () => "made" });
  expect(rejected).toMatchObject([{ position: "messages[0].parts[1]", code: "unknown-part" }]);
});
