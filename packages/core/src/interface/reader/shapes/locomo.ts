import { type Fields, isFields, textField } from "../fields.ts";
import { readEach } from "../guarded.ts";
import { type Outcome, reject } from "../outcome.ts";
import { fieldOf } from "../position.ts";
import { type Reading, within } from "../reading.ts";
import { readUtterance } from "../utterance.ts";
import { usableId } from "../usable-id.ts";
import { parseWhen } from "../when.ts";
import type { Shape } from "./shape.ts";

const SESSION = /^session_(\d{1,6})$/;

/**
 * A sample of LoCoMo (arXiv 2402.17753) or its `conversation` alone. Only what was said is read:
 * questions, evidence, summaries and observations are not. Both speakers are people, so both have
 * the role `user`. A session is named `<sample_id>/session_<n>`; its date counts as UTC.
 */
export const locomo: Shape<Fields> = {
  name: "locomo",
  matches: (value): value is Fields => isFields(value) && dialogueOf(value) !== undefined,
  *read(sample, position, reading) {
    const dialogue = dialogueOf(sample) ?? {};
    const where = dialogue === sample ? position : fieldOf(position, "conversation");
    const sampleId = textField(sample, "sample_id");
    for (const name of sessionNames(dialogue)) {
      yield* readSession(dialogue, name, sampleId, where, reading);
    }
  },
};

function dialogueOf(value: Fields): Fields | undefined {
  const candidates = [value["conversation"], value];
  return candidates.find(
    (found): found is Fields => isFields(found) && sessionNames(found).length > 0,
  );
}

/** `session_2` before `session_10`; dates without a session are left alone. */
function sessionNames(dialogue: Fields): readonly string[] {
  return Object.keys(dialogue)
    .filter((key) => SESSION.test(key) && Array.isArray(dialogue[key]))
    .sort((a, b) => Number(SESSION.exec(a)?.[1]) - Number(SESSION.exec(b)?.[1]));
}

function* readSession(
  dialogue: Fields,
  name: string,
  sampleId: string | undefined,
  position: string,
  reading: Reading,
): Generator<Outcome> {
  const turns: unknown = dialogue[name];
  if (!Array.isArray(turns)) return;
  const dateField = `${name}_date_time`;
  const date = dialogue[dateField];
  const at = date === undefined ? undefined : parseWhen(date, reading.now);
  if (date !== undefined && at === undefined) {
    yield reject(fieldOf(position, dateField), "bad-date");
  }
  const prefix = sampleId ?? reading.sessionId;
  const sessionId = prefix === undefined ? name : `${prefix}/${name}`;
  const inner = within(reading, {
    sessionId: usableId(sessionId) ?? name,
    at,
  });
  yield* readEach(turns, fieldOf(position, name), (turn, where) =>
    isFields(turn) ? readTurn(turn, where, inner, prefix) : [reject(where, "malformed")],
  );
}

function readTurn(
  turn: Fields,
  position: string,
  reading: Reading,
  prefix: string | undefined,
): Iterable<Outcome> {
  const caption = textField(turn, "blip_caption");
  return readUtterance(
    {
      role: "user",
      content: turn["text"],
      contentField: "text",
      id: turn["dia_id"],
      speaker: textField(turn, "speaker"),
      keySpace: prefix ?? "locomo",
      beside: caption === undefined ? [] : [{ kind: "caption", caption }],
    },
    position,
    reading,
  );
}
