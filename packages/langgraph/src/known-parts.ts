import { ThreadPart, type ThreadInput } from "@memcube/core";

import { isMessage, messageFields } from "./message-fields.ts";
import { isPlainObject, isUnwritable } from "./value-kinds.ts";

const PARTS = new WeakMap<object, ThreadPart>();

/**
 * The element of a list as a part, the same one for as long as the element says the same: a state's
 * messages are put again with each checkpoint. It is compared with what was written, as whoever owns it may change it.
 */
export function partOf(element: object, write: () => ThreadInput): ThreadInput {
  const known = PARTS.get(element);
  if (known !== undefined && isStill(element, known.value)) return known;
  const value = write();
  if (!isMessage(element) && !isPlainObject(element)) return value;
  const part = new ThreadPart(value);
  PARTS.set(element, part);
  return part;
}

function isStill(element: object, written: ThreadInput): boolean {
  if (!isMessage(element)) return isSame(element, written);
  const { kwargs } = written as { readonly kwargs: Readonly<Record<string, ThreadInput>> };
  const fields = messageFields(element);
  return (
    fields.length === Object.keys(kwargs).length &&
    fields.every(([key, field]) => Object.hasOwn(kwargs, key) && isSame(field, kwargs[key]))
  );
}

/** Whether JSON says what was written. What is not JSON, and what looks like a record, is never the same. */
function isSame(value: unknown, written: ThreadInput | undefined): boolean {
  if (typeof value !== "object" || value === null) return Object.is(value, written);
  if (typeof written !== "object" || written === null) return false;
  if (Array.isArray(value)) {
    return (
      Array.isArray(written) &&
      value.length === written.length &&
      // Not by the value's elements: a list with a hole has none there.
      written.every((element: ThreadInput, at) => isSame(value[at], partValue(element)))
    );
  }
  if (!isPlainObject(value) || "lc" in value || "lg_name" in value || "toJSON" in value)
    return false;
  if (!isPlainObject(written)) return false;
  const keys = Object.keys(value);
  return (
    keys.length === Object.keys(written).length &&
    keys.every(
      (key) =>
        Object.hasOwn(written, key) &&
        !isUnwritable(value[key]) &&
        isSame(value[key], written[key] as ThreadInput),
    )
  );
}

function partValue(written: ThreadInput): ThreadInput {
  return written instanceof ThreadPart ? written.value : written;
}
