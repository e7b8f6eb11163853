import type { StyleRow, StyleSet } from "../style-set.ts";
import { CODING } from "./coding.ts";
import { FAMILY } from "./family.ts";
import { KITCHEN } from "./kitchen.ts";
import type { Talk } from "./talk.ts";
import { TRAVEL } from "./travel.ts";

/** Chats of a user with an assistant whose replies are long; users ask for what was said, by themselves mostly. */
export function talkSets(): StyleSet[] {
  return [CODING, KITCHEN, TRAVEL, FAMILY].map(toStyleSet);
}

function toStyleSet({ name, sessions, questions }: Talk): StyleSet {
  const rows = sessions.flatMap(({ at, turns }, session) =>
    turns.map((text, order): StyleRow => {
      const role = order % 2 === 0 ? "user" : "assistant";
      return {
        id: `${session}:${order}`,
        type: "turn",
        text,
        role,
        speaker: role,
        sessionId: `${session}`,
        order,
        at: Date.parse(at),
      };
    }),
  );
  return { name, rows, questions: questions.map(([text, ...evidence]) => ({ text, evidence })) };
}
