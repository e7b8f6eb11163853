import { LIMITS, MemCubeError, type ThreadInput } from "@memcube/core";

import { partOf } from "./known-parts.ts";
import { isMessage, messageFields, type MessageLike } from "./message-fields.ts";
import { extensionRecord, isDeltaSnapshotLike, isSendLike, setField } from "./value-records.ts";
import { isPlainObject, isUnwritable } from "./value-kinds.ts";

/**
 * A value of LangGraph's state as a thread keeps it. Records are those of LangGraph's own JsonPlus
 * serializer (`lc: 1` for LangChain's classes, `lc: 2` for Map, Set, RegExp and undefined), so what it
 * wrote is read, too; what it loses has a record of type "memcube": dates, bigints, errors with name,
 * cause and stack, numbers that JSON has not, other views of bytes, and plain objects that look like a
 * record. Functions and symbols are left out, a circle is cut, as in JsonPlus.
 */
export function fromLangGraphValue(value: unknown): ThreadInput {
  return new ValueWriter().write(value);
}

function tooDeep(): MemCubeError {
  const max = LIMITS.threadDepth;
  const why = `State is nested deeper than ${max} levels.`;
  return new MemCubeError("MEMCUBE_LIMIT_EXCEEDED", why, {
    details: { limit: "threadDepth", max },
  });
}

class ValueWriter {
  /** Objects that the one at hand lies in. */
  readonly #open = new Set<object>();

  write(value: unknown): ThreadInput {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return isJsonNumber(value) ? value : extensionRecord("Number", [String(value)]);
      case "bigint":
        return extensionRecord("BigInt", [String(value)]);
      case "object":
        return value === null ? null : this.#writeObject(value);
      default:
        return { lc: 2, type: "undefined" };
    }
  }

  #writeObject(value: object): ThreadInput {
    if (this.#open.has(value)) return "[Circular]";
    if (this.#open.size >= LIMITS.threadDepth) throw tooDeep();
    this.#open.add(value);
    const written = this.#writeKind(value);
    this.#open.delete(value);
    return written;
  }

  #writeKind(value: object): ThreadInput {
    if (Array.isArray(value)) return Array.from(value, (element) => this.#writeElement(element));
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytesRecord(value);
    if (value instanceof Date) return extensionRecord("Date", [dateArgument(value)]);
    if (value instanceof Map) return constructorRecord("Map", this.#writeList([...value]));
    if (value instanceof Set) return constructorRecord("Set", this.#writeList([...value]));
    if (value instanceof RegExp) {
      return { ...constructorRecord("RegExp", []), args: [value.source, value.flags] };
    }
    if (value instanceof Error) return this.#writeError(value);
    if (isDeltaSnapshotLike(value)) {
      return { lc: 2, type: "delta_snapshot", value: this.write(value.value) };
    }
    if (isSendLike(value)) {
      const { node, args, timeout } = value;
      const send = timeout === undefined ? { node, args } : { node, args, timeout };
      return this.#writeFields(send);
    }
    if (isMessage(value)) return this.#writeMessage(value);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const json = (value as { toJSON(): unknown }).toJSON();
      return "lc_serializable" in value ? this.#writeLangChain(json) : this.write(json);
    }
    return "lc" in value
      ? extensionRecord("Object", [this.#writeFields(value)])
      : this.#writeFields(value);
  }

  /** As it says of itself, but with all that its fields hold: `toJSON` makes a Map an empty object. */
  #writeMessage(message: MessageLike): ThreadInput {
    const fields = messageFields(message).map(([key, field]) => [key, this.write(field)] as const);
    return {
      lc: 1,
      type: "constructor",
      id: [...message.lc_id],
      kwargs: Object.fromEntries(fields),
    };
  }

  /**
   * What an object of LangChain says of itself: records are not escaped, and what it escapes so that it
   * is not taken for a record is written as any object that looks like one.
   */
  #writeLangChain(value: unknown): ThreadInput {
    if (Array.isArray(value)) return value.map((element) => this.#writeLangChain(element));
    if (!isPlainObject(value)) return this.write(value);
    const { __lc_escaped__: escaped } = value;
    if (escaped !== undefined) return this.write(escaped);
    const fields: [string, ThreadInput][] = [];
    for (const [key, field] of Object.entries(value)) {
      if (field !== undefined && !isUnwritable(field))
        fields.push([key, this.#writeLangChain(field)]);
    }
    return Object.fromEntries(fields);
  }

  #writeError(error: Error): ThreadInput {
    const { name, message, stack, cause } = error;
    const { name: _, message: __, stack: ___, cause: ____, ...rest } = error as Error & object;
    return extensionRecord("Error", [
      {
        name,
        message,
        ...(stack === undefined ? {} : { stack }),
        ...("cause" in error ? { cause: this.write(cause) } : {}),
        ...(error instanceof AggregateError ? { errors: this.#writeList(error.errors) } : {}),
      },
      this.#writeFields(rest),
    ]);
  }

  #writeList(values: readonly unknown[]): ThreadInput[] {
    return values.map((value) => this.#writeElement(value));
  }

  /** As in JSON, what can't be written leaves its place in a list. */
  #writeElement(value: unknown): ThreadInput {
    if (typeof value !== "object" || value === null)
      return isUnwritable(value) ? null : this.write(value);
    return partOf(value, () => this.write(value));
  }

  #writeFields(value: object): ThreadInput {
    const fields: Record<string, ThreadInput> = {};
    for (const key of Object.keys(value)) {
      const field = (value as Readonly<Record<string, unknown>>)[key];
      if (!isUnwritable(field)) setField(fields, key, this.write(field));
    }
    return fields;
  }
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** A date that is none is as JSON has not: it is read by its text. */
function dateArgument(date: Date): ThreadInput {
  const time = date.getTime();
  return Number.isNaN(time) ? "NaN" : time;
}

function constructorRecord(name: string, list: ThreadInput[]) {
  return { lc: 2, type: "constructor", id: [name], method: null, args: [list], kwargs: {} };
}

function bytesRecord(value: ArrayBufferView | ArrayBuffer): ThreadInput {
  const bytes =
    value instanceof ArrayBuffer
      ? new Uint8Array(value.slice(0))
      : new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
  // A Buffer is read as the Uint8Array that it is.
  return value instanceof Uint8Array ? bytes : extensionRecord(value.constructor.name, [bytes]);
}
