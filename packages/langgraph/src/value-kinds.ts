export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What is left out, as in JSON. */
export function isUnwritable(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}
