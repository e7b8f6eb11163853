/** The demo's data is written by hand: what it says about itself has to be true. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Message {
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly name: string;
  readonly content: string;
  readonly at: string;
}
interface Session {
  readonly id: string;
  readonly startedAt: string;
  readonly messages: readonly Message[];
}
interface Question {
  readonly id: string;
  readonly kind: string;
  readonly question: string;
  readonly answer: string;
  readonly evidence: readonly string[];
  /** Messages that gave another answer, true at their time. */
  readonly outdated?: readonly string[];
}
interface Questions {
  readonly conversation: string;
  readonly askedAt: string;
  readonly questions: readonly Question[];
  readonly update: {
    readonly messageId: string;
    readonly text: string;
    readonly question: string;
    readonly answerBefore: string;
    readonly answerAfter: string;
  };
}

function read(name: string): unknown {
  const path = new URL(`../../../packages/memcube/data/${name}`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}

const { sessions } = read("demo-conversation.json") as { sessions: readonly Session[] };
const { questions, update, askedAt } = read("demo-questions.json") as Questions;
const messages = sessions.flatMap((session) => session.messages);
const byId = new Map(messages.map((message) => [message.id, message]));
const at = (message: Message | undefined): number => Date.parse(message?.at ?? "");
const textOf = (ids: readonly string[]): string =>
  ids.map((id) => byId.get(id)?.content ?? "").join("\n");

describe("the demo conversation", () => {
  it("has some 380 turns in sixteen sessions over five months", () => {
    expect(sessions).toHaveLength(16);
    expect(messages.length).toBeGreaterThanOrEqual(300);
    expect(messages.length).toBeLessThanOrEqual(400);
    const days = (at(messages.at(-1)) - at(messages[0])) / 86_400_000;
    expect(days).toBeGreaterThan(140);
  });

  it("has an id for every message, made of its session and place", () => {
    expect(byId.size).toBe(messages.length);
    for (const { id, messages: said } of sessions) {
      const ids = said.map((_, index) => `${id}-${String(index + 1).padStart(2, "0")}`);
      expect(said.map((message) => message.id)).toEqual(ids);
    }
  });

  it("goes forward in time", () => {
    const times = messages.map(at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    for (const { startedAt, messages: said } of sessions) expect(said[0]?.at).toBe(startedAt);
  });

  it("is Mara and Iris, by turns, each saying something of her own", () => {
    for (const { messages: said } of sessions) {
      const speakers = said.map(({ role, name }) => `${role} ${name}`);
      const turns = said.map((_, index) => (index % 2 === 0 ? "user Mara" : "assistant Iris"));
      expect(speakers).toEqual(turns);
    }
    const texts = messages.map(({ content }) => content);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.every((text) => text.trim() === text && text !== "")).toBe(true);
  });
});

describe("the demo questions", () => {
  it("have some of every kind", () => {
    const kinds = new Set(questions.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual([
      "multi",
      "not-in-memory",
      "preference",
      "single",
      "temporal",
      "updated",
    ]);
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  });

  it.each(questions)("$id: $question", ({ kind, evidence, outdated = [] }) => {
    for (const id of [...evidence, ...outdated]) expect(byId.has(id), id).toBe(true);
    expect(evidence.length > 0).toBe(kind !== "not-in-memory");
    expect(kind !== "single" || evidence.length === 1).toBe(true);
    expect(kind !== "multi" || evidence.length > 1).toBe(true);
    expect(kind !== "updated" || outdated.length > 0).toBe(true);
    const last = Math.max(...evidence.map((id) => at(byId.get(id))));
    for (const id of outdated) expect(at(byId.get(id))).toBeLessThan(last);
  });

  /** What the evidence must say, word for word, for the answer to be true. */
  it.each([
    ["q01", "TB14-77K2-0931"],
    ["q02", "R-20937"],
    ["q03", "Cashew and pistachio"],
    ["q04", "Miso ramen"],
    ["q05", "she turns 60", "a day course for two"],
    ["q06", "Tuesday the 18th"],
    ["q07", "the 30th of April"],
    ["q08", "rabies shot", "the 11th"],
    ["q09", "the 31st of May"],
    ["q10", "on the 15th and come back on the 22nd"],
    ["q11", "Thursdays"],
    ["q12", "I eat fish again"],
    ["q13", "I live in Ruzafa now"],
    ["q14", "189 euros"],
    ["q15", "4:11:38", "under 4:20"],
    ["q16", "pistachio and cardamom", "my allergy", "lemon and elderflower"],
    ["q17", "9.4 kilos", "10.3 kilos"],
    ["q18", "Beate", "Amparo"],
    ["q19", "no caffeine after noon", "favourite thing to drink"],
    ["q20", "The Summer Book", "No books about war", "Piranesi"],
  ])("%s is answered by its evidence: %s", (id, ...phrases) => {
    const found = textOf(questions.find((question) => question.id === id)?.evidence ?? []);
    for (const phrase of phrases) expect(found).toContain(phrase);
  });

  it("are asked when all has been said", () => {
    expect(Date.parse(askedAt)).toBeGreaterThan(at(messages.at(-1)));
    for (const { question } of questions) expect(question).toMatch(/\?$/);
  });

  it("come with one fact to change, which is changed", () => {
    const before = byId.get(update.messageId)?.content ?? "";
    expect(before).toContain("Mondays and Wednesdays at eight");
    expect(update.text).not.toBe(before);
    expect(update.text).toContain("Tuesdays and Thursdays at seven");
    expect(update.answerAfter).not.toBe(update.answerBefore);
  });
});
