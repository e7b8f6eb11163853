import { CHAT_SEEDS, longReply } from "./chats.ts";
import { demoSet } from "./demo.ts";
import { DOCUMENTS } from "./documents.ts";
import { FACTS } from "./facts.ts";
import { PREFERENCES } from "./preferences.ts";
import type { StyleRow, StyleSet } from "./style-set.ts";
import { talkSets } from "./talks/talks.ts";

const DAY_MS = 86_400_000;
const START = Date.UTC(2024, 0, 3);

/** Small sets of other styles than two people chatting, written for this project. */
export function buildStyleSets(): StyleSet[] {
  return [chats(), facts(), documents(), preferences(), demoSet(), ...talkSets()];
}

/** Each fact in a session of six turns, where the assistant's replies are long and repeat the topic. */
function chats(): StyleSet {
  const rows = CHAT_SEEDS.flatMap(({ topic, fact, request }, at) =>
    session(`chat-${at}`, START + at * DAY_MS, [
      `Hi! I have a question about ${topic.split(" ")[0]}. ${request}`,
      longReply(topic, 0),
      `Thanks, that helps. By the way, ${fact} Anything else I should keep in mind?`,
      longReply(topic, 1),
      `Could you say more about ${topic.split(" ")[1]} and ${topic.split(" ")[2]}?`,
      longReply(topic, 2),
    ]),
  );
  const questions = CHAT_SEEDS.map(({ question }, at) => ({
    text: question,
    evidence: [`chat-${at}:2`],
  }));
  return { name: "chats", rows, questions };
}

function session(id: string, at: number, texts: readonly string[]): StyleRow[] {
  return texts.map((text, order) => {
    const role = order % 2 === 0 ? ("user" as const) : ("assistant" as const);
    return {
      id: `${id}:${order}`,
      type: "turn",
      text,
      role,
      speaker: role,
      sessionId: id,
      order,
      at,
    };
  });
}

function facts(): StyleSet {
  const rows = FACTS.map(([text], at): StyleRow => ({ id: `fact-${at}`, type: "fact", text }));
  const questions = FACTS.flatMap(([, text], at) =>
    text === undefined ? [] : [{ text, evidence: [`fact-${at}`] }],
  );
  return { name: "facts", rows, questions };
}

function documents(): StyleSet {
  const rows = DOCUMENTS.flatMap(({ title, chunks }) =>
    chunks.map((text, order): StyleRow => ({
      id: `${title}:${order}`,
      type: "document",
      title,
      text,
      sessionId: title,
      order,
    })),
  );
  const questions = DOCUMENTS.flatMap(({ title, questions: asked }) =>
    asked.map(([text, chunk]) => ({ text, evidence: [`${title}:${chunk}`] })),
  );
  return { name: "documents", rows, questions };
}

/** Preferences among the chats: said once, in a session about something else. */
function preferences(): StyleSet {
  const rows = PREFERENCES.flatMap(([said], at) => {
    const { topic, request } = CHAT_SEEDS[at * 2] ?? { topic: "work plan", request: "" };
    return session(`taste-${at}`, START + at * DAY_MS, [
      `I have a question about ${topic.split(" ")[0]}. ${request}`,
      longReply(topic, at),
      `Good to know. ${said}`,
      longReply(topic, at + 1),
    ]);
  });
  const questions = PREFERENCES.map(([, text], at) => ({ text, evidence: [`taste-${at}:2`] }));
  return { name: "preferences", rows: [...chats().rows, ...rows], questions };
}
