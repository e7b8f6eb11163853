import { messageClass } from "./message-classes.ts";
import { isUnwritable } from "./value-kinds.ts";

export interface MessageLike {
  readonly lc_id: readonly string[];
  readonly lc_kwargs: Readonly<Record<string, unknown>>;
}

export function isMessage(value: object): value is MessageLike {
  return "lc_serializable" in value && "lc_id" in value && messageClass(value.lc_id) !== undefined;
}

/** What a message says of itself, as it is now, without what can't be written. */
export function messageFields(message: MessageLike): [string, unknown][] {
  const { lc_kwargs: kwargs } = message;
  const fields: [string, unknown][] = [];
  for (const key of Object.keys(kwargs)) {
    const field = key in message ? message[key as keyof MessageLike] : kwargs[key];
    if (field !== undefined && !isUnwritable(field)) fields.push([key, field]);
  }
  return fields;
}
