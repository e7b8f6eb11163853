import { readFileSync } from "node:fs";

import type { StyleRow, StyleSet } from "./style-set.ts";

/** The conversation and the questions that come with the package `memcube`. */
export function demoSet(): StyleSet {
  const { sessions } = read("demo-conversation.json") as { sessions: readonly Session[] };
  const { questions } = read("demo-questions.json") as { questions: readonly Question[] };
  const rows = sessions.flatMap(({ id, messages }) =>
    messages.map((message, order): StyleRow => ({
      id: message.id,
      type: "turn",
      text: message.content,
      role: message.role,
      speaker: message.name,
      sessionId: id,
      order,
      at: Date.parse(message.at),
    })),
  );
  return {
    name: "demo",
    rows,
    questions: questions.map(({ question, evidence }) => ({ text: question, evidence })),
  };
}

interface Session {
  readonly id: string;
  readonly messages: readonly {
    readonly id: string;
    readonly role: "user" | "assistant";
    readonly name: string;
    readonly content: string;
    readonly at: string;
  }[];
}

interface Question {
  readonly question: string;
  readonly evidence: readonly string[];
}

function read(name: string): unknown {
  const path = new URL(`../../../packages/memcube/data/${name}`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}
