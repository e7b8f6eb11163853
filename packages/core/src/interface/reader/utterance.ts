import { LIMITS } from "../../limits.ts";
import type { SourceRef } from "../../memory/index.ts";
import type { Candidate } from "./candidate.ts";
import { composeTurn, type TurnParts } from "./compose-turn.ts";
import { cleanText, firstChars, hasContent } from "./clean-text.ts";
import { defined } from "./defined.ts";
import { isFields } from "./fields.ts";
import { type Outcome, reject, skip } from "./outcome.ts";
import { partKey } from "./part-key.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import { elementOf, fieldOf, shareOf } from "./position.ts";
import { READER_LIMITS } from "./reader-limits.ts";
import type { Reading } from "./reading.ts";
import { type Role, roleOf } from "./roles.ts";
import { turnParts } from "./turn-parts.ts";
import { usableId } from "./usable-id.ts";
import { parseWhen } from "./when.ts";

/** A message of any shape: its fields found, nothing in them trusted yet. */
export interface Utterance {
  /** The shape's own word for who speaks. */
  readonly role: string;
  /** A string, a list of parts, one part, or nothing. */
  readonly content: unknown;
  /** Name of the content's field, for positions. */
  readonly contentField?: string;
  readonly id?: unknown;
  readonly speaker?: string;
  readonly sessionId?: unknown;
  /** When it was said, in any form {@link parseWhen} reads. */
  readonly at?: { readonly name: string; readonly value: unknown };
  /** What stands beside the content: tool calls, captions. */
  readonly beside?: readonly Piece[];
  /** Set on the reply of a tool: its content is the result of this call. */
  readonly resultOf?: { readonly id?: string; readonly name?: string };
  /** Prefix of the external key where ids are unique only within it. @default the session */
  readonly keySpace?: string;
}

/**
 * Turns one message into at most one turn, and one more for each tool result inside it. A field
 * that can't be used is reported by itself; the rest of the message is kept.
 */
export function* readUtterance(
  said: Utterance,
  position: string,
  reading: Reading,
): Generator<Outcome> {
  const role = roleOf(said.role);
  if (role === undefined) {
    yield reject(position, "unknown-role");
    return;
  }
  const pieces: Piece[] = [];
  if (!(yield* takeApart(said, position, pieces))) return;
  pieces.push(...(said.beside ?? []));
  const turn = yield* sharedOf(said, role, position, reading);
  const { main, results } = yield* composeTurn(pieces, said.resultOf, position);

  if (main === undefined && results.length === 0) {
    yield said.content === undefined || said.content === null || isBlank(said.content)
      ? reject(position, "empty")
      : skip(position, "silent");
    return;
  }
  if (main !== undefined) {
    for (const [part, parts] of turnParts(main).entries()) {
      yield turn(role, parts, position, suffixOf("", part));
    }
  }
  for (const [index, { text, toolResult, name }] of results.entries()) {
    const only = main === undefined && results.length === 1;
    const where = only ? position : shareOf(position, index);
    for (const [part, parts] of turnParts({ text, toolResult }).entries()) {
      yield turn("tool", parts, where, suffixOf(only ? "" : `#${index}`, part), name);
    }
  }
}

/** What tells the key of a part from that of the whole, which the first part has. */
function suffixOf(suffix: string, part: number): string {
  return part === 0 ? suffix : partKey(suffix, part);
}

type MakeTurn = (
  role: Role,
  parts: TurnParts,
  position: string,
  keySuffix?: string,
  speaker?: string,
) => Outcome;

/** Fills `pieces` from the content. @returns whether the content had a readable form */
function* takeApart(
  said: Utterance,
  position: string,
  pieces: Piece[],
): Generator<Outcome, boolean> {
  const where = fieldOf(position, said.contentField ?? "content");
  const content = isFields(said.content) ? [said.content] : (said.content ?? []);
  const parts: unknown = typeof content === "string" ? [content] : content;
  if (!Array.isArray(parts)) {
    yield reject(where, "malformed", "content is neither text nor a list of parts");
    return false;
  }
  for (const [index, part] of parts.slice(0, READER_LIMITS.messageParts).entries()) {
    const found = piecesOf(part);
    if (found === undefined) yield reject(elementOf(where, index), "unknown-part");
    else pieces.push(...found);
  }
  if (parts.length > READER_LIMITS.messageParts) {
    yield reject(elementOf(where, READER_LIMITS.messageParts), "too-many");
  }
  return true;
}

/** What every turn of the message has in common, as a function that makes them. */
function* sharedOf(
  said: Utterance,
  role: Role,
  position: string,
  reading: Reading,
): Generator<Outcome, MakeTurn> {
  const ownId = yield* idAt(said.id, fieldOf(position, "id"));
  const ownSession = yield* idAt(said.sessionId, fieldOf(position, "sessionId"));
  const sessionId = ownSession ?? reading.sessionId;
  let at = reading.at;
  if (said.at !== undefined) {
    const own = parseWhen(said.at.value, reading.now);
    if (own === undefined) yield reject(fieldOf(position, said.at.name), "bad-date");
    at = own ?? at;
  }
  const id = ownId ?? reading.newId();
  const source: SourceRef = defined({ kind: "message", id, sessionId, at });
  const keySpace = said.keySpace ?? sessionId;
  const key = keySpace === undefined ? ownId : ownId && `${keySpace}/${ownId}`;
  const named = said.speaker ?? (role === "tool" ? undefined : speakerOf(role, reading));

  return (turnRole, parts, where, keySuffix = "", speaker = named) => {
    const externalKey = key === undefined ? undefined : key + keySuffix;
    const candidate: Candidate = {
      payload: defined({
        type: "turn",
        ...parts,
        role: turnRole,
        speaker: speaker && label(speaker),
        sessionId,
        order: reading.nextOrder(sessionId),
      }),
      sources: [source],
      externalKey: usableId(externalKey),
      tags: reading.tags,
      at,
      position: where,
    };
    return { candidate };
  };
}

function speakerOf(role: Role, reading: Reading): string | undefined {
  return role === "user" || role === "assistant" ? reading.speaker[role] : undefined;
}

/** Nothing but empty text; a reasoning part or a tool's empty reply is silent, not blank. */
function isBlank(content: unknown): boolean {
  if (typeof content === "string") return !hasContent(content);
  if (Array.isArray(content)) return content.every(isBlank);
  return isFields(content) && typeof content["text"] === "string" && isBlank(content["text"]);
}

/** An id as text, `undefined` when there is none; an unusable one is reported. */
function* idAt(value: unknown, position: string): Generator<Outcome, string | undefined> {
  if (value === undefined || value === null || value === "") return undefined;
  const id = usableId(typeof value === "number" ? String(value) : value);
  if (id === undefined) yield reject(position, "bad-id");
  return id;
}

/** A speaker's name as one label: a pasted paragraph is cut. */
function label(name: string): string {
  return firstChars(cleanText(name), LIMITS.idChars);
}
