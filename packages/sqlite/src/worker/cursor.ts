import { Refusal } from "./refusal.ts";

type Part = string | number;

/** A place in an order of rows: their key, never an index, so that it stays valid across writes. */
export function writeCursor(...parts: readonly Part[]): string {
  return JSON.stringify(parts);
}

/** @throws Refusal `MEMCUBE_INVALID_INPUT` when it is not a cursor of `types` */
export function readCursor<Types extends readonly ("string" | "number")[]>(
  cursor: string,
  ...types: Types
): { [Place in keyof Types]: Types[Place] extends "string" ? string : number } {
  const parts = parsed(cursor);
  const fits = Array.isArray(parts) && parts.length === types.length;
  if (fits && types.every((type, place) => typeof parts[place] === type)) {
    return parts as unknown as ReturnType<typeof readCursor<Types>>;
  }
  throw new Refusal("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(cursor);
  } catch {
    return undefined;
  }
}

/** Cuts a page out of `limit + 1` rows. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  read: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => string },
): { readonly items: Item[]; readonly cursor?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const items = page.map(read.item);
  return rows.length > limit && last !== undefined
    ? { items, cursor: read.cursor(last) }
    : { items };
}
