import { LIMITS } from "../../../limits.ts";
import { cleanText, firstChars } from "../clean-text.ts";
import { type Fields, isFields, presentField, textField } from "../fields.ts";
import { readEach } from "../guarded.ts";
import { type Outcome, reject } from "../outcome.ts";
import { fieldOf } from "../position.ts";
import { type Reading, within } from "../reading.ts";
import { usableId } from "../usable-id.ts";
import { parseWhen } from "../when.ts";
import { sessionOf } from "./message-fields.ts";
import { readMessage } from "./read-message.ts";
import type { Shape } from "./shape.ts";

type WithMessages = Fields & { readonly messages: readonly unknown[] };
type WithSessions = Fields & { readonly sessions: readonly unknown[] };

/**
 * `{ messages }`: one conversation; `id`, `title` and `startedAt` are used when they are there. A
 * graph state of LangGraph and a line of a fine-tuning file have this form too.
 */
export const conversation: Shape<WithMessages> = {
  name: "messages",
  matches: isConversation,
  read: readConversation,
};

/** `{ title, sessions: [{ id, startedAt, messages }] }`: memcube's own form of a long story. */
export const sessions: Shape<WithSessions> = {
  name: "sessions",
  matches: (value): value is WithSessions => isFields(value) && Array.isArray(value["sessions"]),
  *read(story, position, reading) {
    const inner = within(reading, { title: titleOf(story) });
    yield* readEach(story.sessions, fieldOf(position, "sessions"), (session, where) =>
      isConversation(session)
        ? readConversation(session, where, inner)
        : [reject(where, "malformed", "a session has a list of messages")],
    );
  },
};

/** The title as a tag: a label's length at most. */
export function titleOf(fields: Fields): string | undefined {
  const title = textField(fields, "title");
  return title === undefined ? undefined : firstChars(cleanText(title), LIMITS.idChars);
}

function isConversation(value: unknown): value is WithMessages {
  return isFields(value) && Array.isArray(value["messages"]);
}

function* readConversation(
  value: WithMessages,
  position: string,
  reading: Reading,
): Generator<Outcome> {
  const id = sessionOf(value) ?? value["id"];
  const sessionId = usableId(id);
  if (sessionId === undefined && id !== undefined && id !== null) {
    yield reject(fieldOf(position, "id"), "bad-id");
  }
  const start = presentField(value, "startedAt", "started_at", "createdAt", "created_at", "date");
  const at = start && parseWhen(start.value, reading.now);
  if (start !== undefined && at === undefined) {
    yield reject(fieldOf(position, start.name), "bad-date");
  }
  const inner = within(reading, { sessionId, at, title: titleOf(value) });
  yield* readEach(value.messages, fieldOf(position, "messages"), (message, where) =>
    readMessage(message, where, inner),
  );
}
