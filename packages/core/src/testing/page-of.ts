import { MemCubeError } from "../errors.ts";
import type { Page } from "../flow/index.ts";

/**
 * Cuts one page out of rows that are already in order. A row's key is its place in the order (never
 * its index), so a cursor stays valid across writes.
 *
 * @param isAfter whether a row comes after the key that the cursor holds
 */
export function pageOf<Row, Key, Item>(
  rows: readonly Row[],
  query: { readonly limit: number; readonly cursor?: string; readonly withTotal?: boolean },
  order: {
    readonly keyOf: (row: Row) => Key;
    readonly isAfter: (row: Row, key: Key) => boolean;
    readonly itemOf: (row: Row) => Item;
  },
): Page<Item> {
  const rowsAfter = (cursor: string): Row[] => {
    const key = readCursor(cursor) as Key;
    return rows.filter((row) => order.isAfter(row, key));
  };
  const rest = query.cursor === undefined ? rows : rowsAfter(query.cursor);
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(order.itemOf),
    ...(last !== undefined && rest.length > page.length
      ? { cursor: JSON.stringify({ after: order.keyOf(last) }) }
      : {}),
    ...(query.withTotal === true ? { total: rows.length } : {}),
  };
}

function readCursor(cursor: string): unknown {
  const read: unknown = parsed(cursor);
  if (typeof read === "object" && read !== null && "after" in read) return read.after;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(cursor);
  } catch {
    return undefined;
  }
}

/** Order of strings by UTF-16 code units, for `sort`. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
