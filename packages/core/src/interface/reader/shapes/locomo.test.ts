import { expect, it } from "vitest";

import { readFast } from "../index.ts";

const NOW = Date.UTC(2026, 0, 1);

const SAMPLE = {
  sample_id: "conv-1",
  qa: [{ question: "Who?", answer: "Bo", evidence: ["D1:1"], category: 1 }],
  session_summary: { session_1_summary: "They talk." },
  conversation: {
    speaker_a: "Ada",
    speaker_b: "Bo",
    session_10_date_time: "9:05 am on 3 March, 2024",
    session_10: [{ speaker: "Bo", dia_id: "D10:1", text: "Later." }],
    session_2_date_time: "some day",
    session_2: [{ speaker: "Ada", dia_id: "D2:1", text: "Then." }],
    session_1_date_time: "1:56 pm on 8 May, 2023",
    session_1: [
      {
        speaker: "Ada",
        dia_id: "D1:1",
        text: "See my pot!",
        blip_caption: "a clay pot",
        img_url: ["https://x"],
      },
      { speaker: "Bo", dia_id: "D1:2", text: "Nice." },
      "no turn",
    ],
    session_11_date_time: "9:05 am on 9 March, 2024",
  },
};

it("reads what was said, session by session, and nothing else", () => {
  const { candidates, rejected, format } = readFast([SAMPLE], { now: NOW, newId: () => "made" });
  expect(format).toBe("locomo");
  const at = Date.UTC(2023, 4, 8, 13, 56);
  expect(candidates[0]).toEqual({
    payload: {
      type: "turn",
      text: "See my pot!",
      caption: "a clay pot",
      role: "user",
      speaker: "Ada",
      sessionId: "conv-1/session_1",
      order: 0,
    },
    sources: [{ kind: "message", id: "D1:1", sessionId: "conv-1/session_1", at }],
    externalKey: "conv-1/D1:1",
    at,
    position: "[0].conversation.session_1[0]",
  });
  expect(candidates.map(({ sources, at: when }) => [sources[0]?.id, when])).toEqual([
    ["D1:1", at],
    ["D1:2", at],
    ["D2:1", undefined],
    ["D10:1", Date.UTC(2024, 2, 3, 9, 5)],
  ]);
  expect(rejected.map(({ position, code }) => [position, code])).toEqual([
    ["[0].conversation.session_1[2]", "malformed"],
    ["[0].conversation.session_2_date_time", "bad-date"],
  ]);
});

it("takes one sample, or its conversation alone", () => {
  const options = { now: NOW, newId: () => "made", sessionId: "imported" };
  expect(readFast(SAMPLE, options).candidates[0]?.position).toBe("conversation.session_1[0]");
  expect(readFast(SAMPLE.conversation, options).candidates[0]).toMatchObject({
    position: "session_1[0]",
    externalKey: "imported/D1:1",
    payload: { sessionId: "imported/session_1" },
  });
});
