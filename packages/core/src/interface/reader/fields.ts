/** An object of unknown fields, as foreign data arrives. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether `value` is an object that is no array; class instances are. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first of the named fields that holds text with content; `undefined` when none does. */
export function textField(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/** The first of the named fields that is there and neither `null` nor `undefined`. */
export function presentField(
  fields: Fields,
  ...names: readonly string[]
): { readonly name: string; readonly value: unknown } | undefined {
  for (const name of names) {
    const value = fields[name];
    if (value !== undefined && value !== null) return { name, value };
  }
  return undefined;
}

/** An object field; `undefined` when it is missing or something else. */
export function fieldsField(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  return isFields(value) ? value : undefined;
}
