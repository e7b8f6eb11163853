import type { ThreadInput } from "@memcube/core";

/** Values that JsonPlus has no record for. */
export function extensionRecord(name: string, args: readonly ThreadInput[]): ThreadInput {
  return { lc: 2, type: "memcube", id: [name], args };
}

/** Sets a field; of the name "__proto__", too, which an assignment takes for something else. */
export function setField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") fields[name] = value;
  else {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(fields, name, property);
  }
}

/** By its mark, as `isDeltaSnapshot` of LangGraph does: there may be two copies of the class. */
export function isDeltaSnapshotLike(value: object): value is { readonly value: unknown } {
  return "lg_name" in value && value.lg_name === "DeltaSnapshot";
}

interface SendLike {
  readonly node: unknown;
  readonly args: unknown;
  readonly timeout?: unknown;
}

export function isSendLike(value: object): value is SendLike {
  return "lg_name" in value && value.lg_name === "Send";
}
