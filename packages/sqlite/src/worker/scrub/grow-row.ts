import type { Connection } from "../connection.ts";
import type { LeafCell, LeafPage } from "./leaf-page.ts";
import type { ScrubbedTable } from "./scrubber.ts";

/** Bytes left free, for the lengths at the beginning of a row that grow with it. */
const SLACK_BYTES = 6;

interface Room {
  readonly leaf: LeafPage;
  readonly pageBytes: number;
  /** How often the page was tried before: each time another row grows. */
  readonly tries: number;
}

/**
 * Makes one row of a page so long that it takes all of the page's room, and then as long as it was.
 * SQLite packs the rows to find the room in one piece, clearing the rest, or lays the long row over it;
 * taking it back clears what it covered.
 */
export function growRow(db: Connection, { table, column }: ScrubbedTable, room: Room): void {
  const cell = chooseCell(room);
  if (cell === undefined) return;
  const find = `SELECT ${column} AS value FROM ${table} WHERE rowid = ?`;
  const value = db.get<{ value: string | Uint8Array }>(find, cell.rowid)?.value;
  const moreBytes = growthOf(cell, room);
  if (value === undefined || moreBytes <= 0) return;
  const update = `UPDATE ${table} SET ${column} = coalesce(?, x'') WHERE rowid = ?`;
  db.run(update, longer(value, moreBytes), cell.rowid);
  db.run(update, value, cell.rowid);
}

/** A short row, by preference one that has no overflow pages. */
function chooseCell({ leaf, tries }: Room): LeafCell | undefined {
  const byLength = leaf.cells.toSorted((a, b) => a.payloadBytes - b.payloadBytes);
  return byLength[tries % byLength.length];
}

/** By how many bytes the row must grow so that its part on the page takes the room. */
function growthOf({ payloadBytes }: LeafCell, { leaf, pageBytes }: Room): number {
  const wantedBytes = leaf.freeBytes - SLACK_BYTES;
  const { longestLocal, shortestLocal, overflowBytes } = limitsOf(pageBytes);
  if (payloadBytes + wantedBytes <= longestLocal) return wantedBytes;
  if (payloadBytes <= longestLocal) return longestLocal - payloadBytes;
  // With overflow pages: all but the last of them are full, and the rest lies on the page, if it fits.
  const rest = (payloadBytes - shortestLocal) % overflowBytes;
  const localBytes = shortestLocal + rest <= longestLocal ? shortestLocal + rest : shortestLocal;
  const wantedLocal = Math.min(localBytes + wantedBytes, longestLocal);
  const wantedRest = wantedLocal - shortestLocal;
  return (wantedRest - rest + overflowBytes) % overflowBytes;
}

/** File format, section 1.6: how much of a table's row lies on its page. */
function limitsOf(pageBytes: number) {
  return {
    longestLocal: pageBytes - 35,
    shortestLocal: Math.floor(((pageBytes - 12) * 32) / 255) - 23,
    overflowBytes: pageBytes - 4,
  };
}

function longer(value: string | Uint8Array, moreBytes: number): string | Uint8Array {
  if (typeof value === "string") return value + " ".repeat(moreBytes);
  const bytes = new Uint8Array(value.length + moreBytes);
  bytes.set(value);
  return bytes;
}
