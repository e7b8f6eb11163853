import { z } from "zod";

import { LIMITS } from "../../../limits.ts";
import {
  pathKey,
  pathOf,
  plaintextPayloadSchema,
  type PlaintextPayload,
  sourceSchema,
} from "../../../memory/index.ts";
import { checkedJson } from "../checked-json.ts";
import { hasContent } from "../clean-text.ts";
import { type Fields, isFields } from "../fields.ts";
import { type Outcome, reject } from "../outcome.ts";
import { fieldOf } from "../position.ts";
import { externalKeySchema } from "../part-key.ts";
import type { Reading } from "../reading.ts";
import { parseWhen } from "../when.ts";
import { timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

const TYPES: ReadonlySet<unknown> = new Set(
  plaintextPayloadSchema.options.map((option) => option.shape.type.value),
);

/** A payload of the memory model as it is: `{ type: "fact", text, subject }`. */
export const payload: Shape<Fields> = {
  name: "payload",
  matches: isPayload,
  read: (value, position, reading) => readPayload(value, {}, position, position, reading),
};

/** A payload with what belongs beside it: `{ payload, tags?, sources?, externalKey?, at? }`. */
export const wrappedPayload: Shape<Fields> = {
  name: "payload",
  matches: (value): value is Fields => isFields(value) && isPayload(value["payload"]),
  *read(value, position, reading) {
    const copied = checkedJson(besideOf(value));
    const beside = besideSchema.safeParse(copied.ok ? copied.value : undefined);
    if (!beside.success) {
      const path = beside.error.issues[0]?.path.join(".") ?? "";
      yield reject(position, "malformed", `${path} is not what a candidate has there`);
      return;
    }
    const time = timeOf({ at: value["at"] });
    const at = time && parseWhen(time.value, reading.now);
    if (time !== undefined && at === undefined) yield reject(fieldOf(position, "at"), "bad-date");
    const where = fieldOf(position, "payload");
    const extra = { ...beside.data, at };
    yield* readPayload(value["payload"], extra, where, position, reading);
  },
};

/** `{ json: value }`: any JSON value of the user's own. */
export const json: Shape<Fields> = {
  name: "json",
  matches: (value): value is Fields => isFields(value) && Object.hasOwn(value, "json"),
  read: (value, position, reading) =>
    readPayload({ type: "json", value: value["json"] }, {}, position, position, reading),
};

const besideSchema = z.object({
  tags: z.array(z.string().min(1).max(LIMITS.idChars)).max(LIMITS.labels).optional(),
  sources: z.array(sourceSchema).max(LIMITS.sources).optional(),
  externalKey: externalKeySchema.optional(),
  language: z.string().min(2).max(16).optional(),
});

type Beside = z.infer<typeof besideSchema> & { readonly at?: number };

/** A document that is not a chunk yet is left to the shape that cuts it. */
function isPayload(value: unknown): value is Fields {
  if (!isFields(value) || !TYPES.has(value["type"])) return false;
  return value["type"] !== "document" || value["chunk"] !== undefined;
}

/** What stands beside the payload, as plain JSON can be made of it. */
function besideOf({ tags, sources, externalKey, language }: Fields): Fields {
  return { tags, sources, externalKey, language };
}

/** `where` is the payload's position, `position` that of the whole. */
function* readPayload(
  value: unknown,
  beside: Beside,
  where: string,
  position: string,
  reading: Reading,
): Generator<Outcome> {
  const copied = checkedJson(value);
  if (!copied.ok) {
    yield reject(where, copied.code);
    return;
  }
  const parsed = plaintextPayloadSchema.safeParse(copied.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".");
    yield reject(where, "malformed", `${field === "" ? "payload" : field}: ${issue?.code}`);
    return;
  }
  if (saysNothing(parsed.data)) {
    yield reject(where, "empty");
    return;
  }
  const path = pathOf(parsed.data);
  if (path !== undefined && beside.externalKey !== undefined) {
    yield reject(position, "malformed", "a value with a path has the key of its path");
    return;
  }
  const { sources = [], language, tags = reading.tags, at = reading.at } = beside;
  const externalKey = path === undefined ? beside.externalKey : pathKey(path);
  const candidate = { payload: parsed.data, sources, externalKey, language, tags, at, position };
  yield { candidate };
}

/** A turn may be without words, and a value without words to be found by. */
function saysNothing(payload: PlaintextPayload): boolean {
  if (payload.type === "turn" || payload.type === "json") return false;
  return "text" in payload && !hasContent(payload.text);
}
