import { sha256Hex } from "@memcube/core";
import type {
  LanguageModelV4Content,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from "@ai-sdk/provider";

/** One turn as `absorb` reads it. */
export interface Turn {
  readonly id?: string;
  readonly role: "user" | "assistant" | "tool";
  readonly content: readonly unknown[];
}

/** An answer of a model as far as memory is concerned. */
export interface Answer {
  /** In the order in which it was said. */
  readonly content: readonly AnswerPart[];
}

type AnswerPart = Extract<
  LanguageModelV4Content,
  { type: "text" | "file" | "tool-call" | "tool-result" }
>;

/** The conversation up to the last user message; `undefined` when there is none. */
export function asked(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt | undefined {
  const last = prompt.findLastIndex(({ role }) => role === "user");
  return last === -1 ? undefined : prompt.slice(0, last + 1).filter(isSaid);
}

/** What of an answer is worth keeping. */
export function answerOf(content: readonly LanguageModelV4Content[]): Answer {
  return { content: content.filter(isAnswerPart) };
}

export function isAnswerPart(part: { readonly type: string }): part is AnswerPart {
  return ["text", "file", "tool-call", "tool-result"].includes(part.type);
}

/**
 * Whether a model has said what it had to say: not while it waits for a tool that the application
 * runs. V2 models give the reason as a bare word.
 */
export function isFinished(answer: Answer, reason: unknown): boolean {
  const word =
    typeof reason === "object" && reason !== null && "unified" in reason ? reason.unified : reason;
  return word !== "tool-calls" && !answer.content.some(isClientCall);
}

export interface Exchange {
  readonly prompt: LanguageModelV4Prompt;
  readonly answer: Answer;
  /** Gives turns ids that are the same when the same call is made again. */
  readonly sessionId?: string | undefined;
  /** Id of the last user message. */
  readonly messageId?: string | undefined;
}

/**
 * The turns that an answer completes: everything since the last finished answer, so that a question
 * whose call failed comes with the next one. In a session turns get ids from the conversation up to
 * them; an application that sends a conversation again adds nothing twice.
 */
export function turnsOf({ prompt, answer, ...options }: Exchange): readonly Turn[] {
  const said = prompt.filter(isSaid);
  const all: readonly Said[] = [...said, { role: "assistant", content: answer.content }];
  const ids = options.sessionId === undefined ? undefined : idsOf(all);
  const lastUser = said.findLastIndex(({ role }) => role === "user");
  const first = firstOf(said);
  return all.flatMap(({ role, content }, place) => {
    if (place < first) return [];
    const kept = content.flatMap(keptOf);
    if (kept.length === 0) return [];
    const id = place === lastUser ? (options.messageId ?? ids?.[place]) : ids?.[place];
    return [{ ...(id === undefined ? {} : { id }), role, content: kept }];
  });
}

type SaidMessage = Exclude<LanguageModelV4Message, { role: "system" }>;
interface Said {
  readonly role: SaidMessage["role"];
  readonly content: readonly Part[];
}
type Part = AnswerPart | SaidMessage["content"][number];

function isSaid(message: LanguageModelV4Message): message is SaidMessage {
  return message.role !== "system";
}

/** Place of the first message that no finished answer follows. */
function firstOf(said: readonly SaidMessage[]): number {
  return (
    said.findLastIndex(
      ({ role, content }, place) =>
        role === "assistant" && !content.some(isClientCall) && said[place + 1]?.role === "user",
    ) + 1
  );
}

/** A call of a tool that the provider does not run itself. */
function isClientCall(part: { readonly type: string; readonly providerExecuted?: unknown }) {
  return part.type === "tool-call" && part.providerExecuted !== true;
}

/** What of a part is kept: of a file its name, not its bytes. */
function keptOf(part: Part): readonly unknown[] {
  switch (part.type) {
    case "text":
      return part.text.trim() === "" ? [] : [part];
    case "file":
      return [{ type: "file", mediaType: part.mediaType, ...nameOf(part) }];
    case "tool-call":
    case "tool-result":
      return [part];
    default:
      return [];
  }
}

function nameOf(part: object): { readonly filename?: string } {
  return "filename" in part && typeof part.filename === "string" ? { filename: part.filename } : {};
}

/** Stands for a conversation: the same for the same words. */
export function digestOf(prompt: LanguageModelV4Prompt): string {
  return idsOf(prompt.filter(isSaid)).at(-1) ?? "";
}

/** For each message a digest of the conversation up to and with it. */
function idsOf(said: readonly Said[]): readonly string[] {
  let before = "";
  return said.map(({ role, content }) => {
    const told = content.map((part) =>
      part.type === "text" ? part.text : [part.type, "toolCallId" in part ? part.toolCallId : ""],
    );
    before = sha256Hex(JSON.stringify([before, role, told])).slice(0, 32);
    return before;
  });
}
