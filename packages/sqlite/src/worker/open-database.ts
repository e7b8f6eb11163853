import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

import type { WorkerOptions } from "../protocol.ts";
import { Connection } from "./connection.ts";
import { digestOf } from "./digest.ts";
import { isReadOnly } from "./native-errors.ts";
import { withPatience } from "./patience.ts";
import { Refusal } from "./refusal.ts";
import { type Migration, MIGRATIONS } from "./schema/migrations.ts";
import { TermIndex } from "./term-index.ts";

/** Marks a file as one of memcube (`PRAGMA application_id`): "mcub". */
const APPLICATION_ID = 0x6d637562;

/** Pages after which a commit copies the write-ahead log into the file: 8 MiB. */
const CHECKPOINT_PAGES = 2_000;

/** The log file is cut back to this many bytes when it is used again from its beginning. */
const LOG_FILE_BYTES = 32 * 1_048_576;

/** Pages that a further connection holds. */
const BESIDE_CACHE_BYTES = 2 * 1_048_576;

export interface OpenDatabase {
  readonly db: Connection;
  readonly terms: TermIndex;
  readonly readOnly: boolean;
}

/** Opens the file, for reading only where it can't be written, and brings its schema up to date. */
export function openDatabase(
  options: WorkerOptions,
  migrations: readonly Migration[] = MIGRATIONS,
): OpenDatabase {
  const { path, busyTimeoutMs } = options;
  const patiently = <T>(action: () => T): T => withPatience(busyTimeoutMs, action);
  const wanted = { path, newest: migrations.length };
  try {
    makeFolder(options);
    return closedOnFailure(connect(path, false), (db) => {
      const terms = patiently(() => prepareToWrite(db, options, migrations));
      return { db, terms, readOnly: false };
    });
  } catch (error) {
    if (!isReadOnly(error) || !existsSync(path)) throw error;
    return openToRead(wanted, patiently);
  }
}

/** Makes the file's folder. SQLite syncs the file's own entry in it, not that of the folder. */
function makeFolder({ path, durability }: WorkerOptions): void {
  if (path === ":memory:") return;
  const first = mkdirSync(dirname(path), { recursive: true });
  if (first === undefined || durability !== "power" || process.platform === "win32") return;
  for (
    let folder = dirname(path);
    folder.length >= dirname(first).length;
    folder = dirname(folder)
  ) {
    const descriptor = openSync(folder, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
    if (folder === dirname(folder)) return;
  }
}

function closedOnFailure<T>(db: Connection, action: (db: Connection) => T): T {
  try {
    return action(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function connect(path: string | URL, readOnly: boolean): Connection {
  // Waiting is done in `patience.ts`, where other calls can be served meanwhile.
  const database = new DatabaseSync(path, { readOnly, timeout: 0 });
  database.function("tag_digest", (cube, tag) => digestOf(Number(cube), String(tag)));
  return new Connection(database);
}

/** A further connection to a file that was opened before, by whoever shall do the long work. */
export function connectBeside(options: Omit<WorkerOptions, "limits">): Connection {
  const url = pathToFileURL(options.path);
  url.searchParams.set("mode", "rw"); // A file that is gone is not made again.
  return closedOnFailure(connect(url, false), (db) => {
    if (checkedSchema(db, options.path, MIGRATIONS.length) < MIGRATIONS.length) {
      throw new TypeError("the file is not the one that was opened");
    }
    const cacheBytes = Math.min(options.cacheBytes, BESIDE_CACHE_BYTES);
    // Whoever writes here syncs the log itself, where that does not hold up the event loop.
    setUp(db, { ...options, cacheBytes, durability: "process" });
    db.execute("PRAGMA wal_autocheckpoint = 0");
    return db;
  });
}

function prepareToWrite(
  db: Connection,
  options: WorkerOptions,
  migrations: readonly Migration[],
): TermIndex {
  const schema = checkedSchema(db, options.path, migrations.length);
  db.execute("PRAGMA journal_mode = WAL");
  setUp(db, options);
  // A file that nobody may write to opens all the same: asking for the write lock tells.
  db.execute("BEGIN IMMEDIATE");
  try {
    if (schema < migrations.length) migrate(db, options.path, migrations);
    const terms = TermIndex.openToWrite(db);
    db.execute("COMMIT");
    return terms;
  } catch (error) {
    db.rollBack();
    throw error;
  }
}

/** Settings of every connection that writes. */
function setUp(
  db: Connection,
  { durability, cacheBytes, maxPages }: Omit<WorkerOptions, "limits">,
): void {
  const power = durability === "power";
  db.execute(`
    PRAGMA synchronous = ${power ? "FULL" : "NORMAL"};
    PRAGMA fullfsync = ${power ? "ON" : "OFF"};
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${Math.ceil(cacheBytes / 1_024)};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${LOG_FILE_BYTES};
    ${maxPages === undefined ? "" : `PRAGMA max_page_count = ${maxPages};`}
  `);
}

/** Takes the steps the file lacks. Another process may have taken them since it was looked at. */
function migrate(db: Connection, path: string, migrations: readonly Migration[]): void {
  for (const { sql } of migrations.slice(checkedSchema(db, path, migrations.length)))
    db.execute(sql);
  db.execute(`
    PRAGMA user_version = ${migrations.length};
    PRAGMA application_id = ${APPLICATION_ID};
  `);
}

/** Schema of the file; 0 for an empty one. Changes nothing. */
function checkedSchema(db: Connection, path: string, newest: number): number {
  const schema = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  const program = db.get<{ application_id: number }>("PRAGMA application_id")?.application_id ?? 0;
  const tables = db.get("SELECT 1 FROM sqlite_schema LIMIT 1") !== undefined;
  if (program !== APPLICATION_ID && (tables || program !== 0)) {
    throw new Refusal(
      "MEMCUBE_STORAGE_DAMAGED",
      "The file is a SQLite database of another program. Give another path.",
      { path },
    );
  }
  if (schema > newest) {
    throw new Refusal(
      "MEMCUBE_STORAGE_NEWER",
      "The file was written by a newer memcube. Update @memcube/sqlite; the file was not touched.",
      { path, schema, newestKnown: newest },
    );
  }
  return schema;
}

interface Wanted {
  readonly path: string;
  readonly newest: number;
}

function openToRead(wanted: Wanted, patiently: <T>(action: () => T) => T): OpenDatabase {
  const { path } = wanted;
  try {
    return closedOnFailure(connect(path, true), (db) => patiently(() => prepareToRead(db, wanted)));
  } catch (error) {
    // On read-only media the log's index can't be made; without a log the file stands by itself.
    if (error instanceof Refusal || hasLog(path)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    return closedOnFailure(connect(url, true), (db) => prepareToRead(db, wanted));
  }
}

function prepareToRead(db: Connection, { path, newest }: Wanted): OpenDatabase {
  const schema = checkedSchema(db, path, newest);
  if (schema < newest) {
    throw new Refusal(
      "MEMCUBE_STORAGE_READ_ONLY",
      "The file is of an older schema and can't be written: open it once where it can.",
      { path, schema, newestKnown: newest },
    );
  }
  return { db, terms: TermIndex.openToRead(db), readOnly: true };
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
