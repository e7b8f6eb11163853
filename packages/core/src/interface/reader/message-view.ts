import type { MessageView } from "../../flow/index.ts";
import { hasContent } from "./clean-text.ts";
import { isFields } from "./fields.ts";
import { piecesOf, type Piece } from "./pieces.ts";
import { roleOf } from "./roles.ts";
import { utteranceOf } from "./shapes/read-message.ts";
import type { Utterance } from "./utterance.ts";

/** What every message costs beside its content: role and separators. */
const MESSAGE_TOKENS = 4;
/** About what a picture or a page of a file costs with most providers. */
const MEDIA_TOKENS = 1_000;

/**
 * Looks at the messages of a conversation: LangChain's, the AI SDK's, OpenAI's and all others that the
 * reader knows. Pure; one view for each message.
 */
export function viewMessages(
  messages: readonly unknown[],
  countTokens: (text: string) => number,
): readonly MessageView[] {
  return messages.map((message) => {
    try {
      return viewMessage(message, countTokens);
    } catch {
      // A getter that throws: such a message is handled like one of an unknown shape.
      return notUnderstood([], 0);
    }
  });
}

function viewMessage(message: unknown, countTokens: (text: string) => number): MessageView {
  const said = utteranceOf(message);
  const role = said && roleOf(said.role);
  if (said === undefined || role === undefined) {
    return notUnderstood(linksOf(message), countTokens(jsonOf(message)) + MESSAGE_TOKENS);
  }
  const parts = partsOf(said);
  const pieces = [...parts.flatMap((part) => piecesOf(part) ?? []), ...(said.beside ?? [])];
  const text = pieces.flatMap((piece) => (piece.kind === "text" ? piece.text : [])).join("\n");
  const shows = pieces.some(({ kind }) => kind === "caption");
  const approvals = parts.flatMap(approvalOf);
  return {
    role,
    ...(said.speaker === undefined ? {} : { speaker: said.speaker }),
    text,
    asks: role === "user" && (hasContent(text) || shows),
    calls: [
      ...pieces.flatMap((piece) => (piece.kind === "call" ? linkOf(piece) : [])),
      ...approvals.flatMap(({ asked }) => asked ?? []),
    ],
    answers: [
      ...pieces.flatMap((piece) => (piece.kind === "result" ? linkOf(piece) : [])),
      ...(said.resultOf === undefined ? [] : [linkOf(said.resultOf)]),
      ...approvals.flatMap(({ given }) => given ?? []),
    ],
    tokens: MESSAGE_TOKENS + tokensOf(pieces, parts, countTokens),
  };
}

function notUnderstood(links: readonly string[], tokens: number): MessageView {
  return { role: undefined, text: "", asks: false, calls: links, answers: links, tokens };
}

function partsOf({ content }: Utterance): readonly unknown[] {
  if (Array.isArray(content)) return content;
  return content === undefined || content === null ? [] : [content];
}

/** What a call and its result have in common; old OpenAI calls have a name and no id. */
function linkOf({ id, name }: { readonly id?: string; readonly name?: string }): string {
  return id ?? `name ${name ?? ""}`;
}

/** The AI SDK's question whether a tool may run, and the answer to it. */
function approvalOf(part: unknown): { readonly asked?: string; readonly given?: string } {
  if (!isFields(part) || typeof part["approvalId"] !== "string") return {};
  const link = `approval ${part["approvalId"]}`;
  return part["type"] === "tool-approval-response" ? { given: link } : { asked: link };
}

/** Items of OpenAI's Responses API: a call and its output share `call_id`. */
function linksOf(message: unknown): readonly string[] {
  const id = isFields(message) ? message["call_id"] : undefined;
  return typeof id === "string" ? [id] : [];
}

function tokensOf(
  pieces: readonly Piece[],
  parts: readonly unknown[],
  countTokens: (text: string) => number,
): number {
  // The same call may stand in two fields of a message; a model reads it once.
  const calls = new Set<string>();
  let tokens = 0;
  for (const piece of pieces) {
    switch (piece.kind) {
      case "text":
        tokens += countTokens(piece.text);
        break;
      case "caption":
        tokens += MEDIA_TOKENS;
        break;
      case "call": {
        const call = `${piece.name} ${jsonOf(piece.input)}`;
        const key = `${linkOf(piece)} ${call}`;
        if (!calls.has(key)) tokens += countTokens(call);
        calls.add(key);
        break;
      }
      case "result":
        tokens += countTokens(
          typeof piece.output === "string" ? piece.output : jsonOf(piece.output),
        );
        break;
    }
  }
  return tokens + countTokens(parts.map(thoughtOf).join(""));
}

/** Reasoning is no memory, but a model reads it again. */
function thoughtOf(part: unknown): string {
  if (!isFields(part)) return "";
  const { type } = part;
  if (type !== "reasoning" && type !== "thinking") return "";
  const thought = part["text"] ?? part["reasoning"] ?? part["thinking"];
  return typeof thought === "string" ? thought : "";
}

/** Text of a value as JSON; "" for one that has none (`undefined`, cycles). */
function jsonOf(value: unknown): string {
  try {
    const json: unknown = JSON.stringify(value);
    return typeof json === "string" ? json : "";
  } catch {
    return "";
  }
}
