import type { ErrorCode } from "@memcube/core";
import type { Failure } from "../protocol.ts";
import { Refusal } from "./refusal.ts";

/** What SQLite's primary result codes mean to a caller (https://sqlite.org/rescode.html). */
const MEANINGS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  3: ["MEMCUBE_STORAGE_READ_ONLY", "Access to the database file was denied."],
  5: [
    "MEMCUBE_BUSY",
    "Another process held the database for longer than busyTimeoutMs; try again.",
  ],
  6: ["MEMCUBE_BUSY", "Another call held the database; try again."],
  8: ["MEMCUBE_STORAGE_READ_ONLY", "The database file or its directory is read-only."],
  11: [
    "MEMCUBE_STORAGE_DAMAGED",
    "The database file is damaged. Keep a copy of it, then restore a backup (`storage.backup`).",
  ],
  13: ["MEMCUBE_STORAGE_FULL", "The disk is full. Nothing acknowledged is lost; free some space."],
  14: [
    "MEMCUBE_STORAGE_FAILED",
    "The database file can't be opened: check its path and permissions.",
  ],
  26: [
    "MEMCUBE_STORAGE_DAMAGED",
    "The file is not a SQLite database. Give another path, or restore a backup.",
  ],
};

const UNKNOWN = ["MEMCUBE_STORAGE_FAILED", "The database reported an error."] as const;

const PERMISSION = 3;
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
/** The one failure after which each call of a group deserves a try of its own. */
const FULL = 13;
const CANNOT_OPEN = 14;

/** The one place where native errors become codes of memcube. */
export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof Refusal) {
    return { code: error.code, message: error.message, details: error.details };
  }
  const native = resultCode(error);
  const [code, message] = (native === undefined ? undefined : MEANINGS[native & 0xff]) ?? UNKNOWN;
  return { code, message, details: { path, sqlite: native }, cause: textOf(error) };
}

export function isBusy(error: unknown): boolean {
  const code = (resultCode(error) ?? 0) & 0xff;
  return code === BUSY || code === LOCKED;
}

/** Whether the file or its directory can't be written, or the log beside it can't be made. */
export function isReadOnly(error: unknown): boolean {
  const code = (resultCode(error) ?? 0) & 0xff;
  return code === READ_ONLY || code === PERMISSION || code === CANNOT_OPEN;
}

export function isFull(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === FULL;
}

/** Extended result code of an error of `node:sqlite`; `undefined` for any other. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
