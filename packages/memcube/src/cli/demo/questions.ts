import { readFileSync } from "node:fs";

import { Failure, usageError } from "../failure.ts";
import { EXIT } from "../exit-codes.ts";

/** A question with the messages that answer it. */
export interface DemoQuestion {
  readonly question: string;
  /** What should come out, for people. */
  readonly answer?: string;
  /** Ids of the messages that hold the answer; empty when it was never said. */
  readonly evidence: readonly string[];
  /** Beginning of the session ids in which those ids count. */
  readonly within?: string;
}

/** A message that later turns out to be different. */
export interface DemoUpdate {
  readonly messageId: string;
  readonly text: string;
  readonly question: string;
}

/** What the demo imports and asks. */
export interface DemoMaterial {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly questions: readonly DemoQuestion[];
  readonly update?: DemoUpdate;
}

/** Beside the sources in the repository, and beside `dist` in the package: the same steps up. */
const DATA = new URL("../../../data/", import.meta.url);
/** Questions taken from a file of somebody else's: more would not make a short story. */
const MOST_QUESTIONS = 20;

type Fields = Readonly<Record<string, unknown>>;

/** The conversation and the questions that come with the package. */
export function bundledMaterial(): DemoMaterial {
  const bytes = readFileSync(new URL("demo-conversation.json", DATA));
  const value = parsed(readFileSync(new URL("demo-questions.json", DATA)), "demo-questions.json");
  const { questions, update } = fieldsOf(value);
  return {
    name: "demo-conversation.json",
    bytes,
    questions: listOf(questions).map(toQuestion),
    ...updateOf(fieldsOf(update)),
  };
}

/** A file of the user's own: with its own questions (LoCoMo), or with those given. */
export function givenMaterial(
  name: string,
  bytes: Uint8Array,
  asked: readonly string[],
): DemoMaterial {
  const own = asked.map((question) => ({ question, evidence: [] }));
  const questions = own.length > 0 ? own : questionsIn(parsed(bytes, name));
  if (questions.length === 0) {
    throw usageError(`${name} brings no questions.`, 'Ask your own: --question "..." (repeatable)');
  }
  return { name, bytes, questions };
}

/** Questions of LoCoMo samples (arXiv 2402.17753): those with evidence, spread over the file. */
function questionsIn(value: unknown): DemoQuestion[] {
  const samples = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const found = samples.flatMap((sample) => {
    const { qa, sample_id: sampleId } = fieldsOf(sample);
    const within = typeof sampleId === "string" ? { within: `${sampleId}/` } : {};
    return listOf(qa)
      .map(toQuestion)
      .filter(({ question, evidence }) => question !== "" && evidence.length > 0)
      .map((question) => ({ ...question, ...within }));
  });
  const step = Math.max(1, found.length / MOST_QUESTIONS);
  const picked = Array.from(
    { length: MOST_QUESTIONS },
    (_, index) => found[Math.floor(index * step)],
  );
  return found.length <= MOST_QUESTIONS ? found : picked.flatMap((question) => question ?? []);
}

function toQuestion(value: unknown): DemoQuestion {
  const { question, answer, evidence } = fieldsOf(value);
  return {
    question: textOf(question),
    ...(answer === undefined ? {} : { answer: textOf(answer) }),
    evidence: listOf(evidence).map(textOf),
  };
}

function updateOf({ messageId, text, question }: Fields): Pick<DemoMaterial, "update"> {
  const given = [messageId, text, question].every((field) => typeof field === "string");
  if (!given) return {};
  const update = { messageId: textOf(messageId), text: textOf(text), question: textOf(question) };
  return { update };
}

function parsed(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure(EXIT.failed, `${name} is no JSON.`);
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
