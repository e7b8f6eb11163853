import { type Fields, fieldsField, presentField } from "../fields.ts";
import { fieldOf, ROOT } from "../position.ts";
import type { Utterance } from "../utterance.ts";

const TIME_FIELDS = ["at", "createdAt", "created_at", "create_time", "timestamp", "date"] as const;
const SESSION_FIELDS = [
  "sessionId",
  "session_id",
  "threadId",
  "thread_id",
  "conversationId",
  "conversation_id",
] as const;

/** The time a message names, in its own fields or in its metadata. */
export function timeOf(message: Fields): Utterance["at"] {
  const own = presentField(message, ...TIME_FIELDS);
  if (own !== undefined) return own;
  const inner = presentField(fieldsField(message, "metadata") ?? {}, ...TIME_FIELDS);
  return inner && { name: fieldOf(fieldOf(ROOT, "metadata"), inner.name), value: inner.value };
}

/** The session, thread or conversation a message names. */
export function sessionOf(message: Fields): unknown {
  return presentField(message, ...SESSION_FIELDS)?.value;
}
