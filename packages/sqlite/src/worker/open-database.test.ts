import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { WorkerOptions } from "../protocol.ts";
import { putCheckpoint } from "./commands/threads/put.ts";
import { getCheckpoint } from "./commands/threads/read.ts";
import type { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import { digestOf } from "./digest.ts";
import { openDatabase } from "./open-database.ts";
import { type Migration, MIGRATIONS } from "./schema/migrations.ts";

let directory: string;
let options: WorkerOptions;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-schema-"));
  options = {
    path: join(directory, "memory.db"),
    durability: "process",
    busyTimeoutMs: 200,
    cacheBytes: 1_048_576,
    limits: { taskAttempts: 8, topicMessages: 100 },
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const SECOND: Migration = { name: "colour", sql: "ALTER TABLE mark ADD COLUMN colour TEXT" };

function schemaOf(): number {
  const { db } = openDatabase(options, [...MIGRATIONS, SECOND, SECOND]);
  const row = db.get<{ user_version: number }>("PRAGMA user_version");
  db.close();
  return row?.user_version ?? -1;
}

test("a file of an older schema takes the steps it lacks and keeps its rows", () => {
  const old = openDatabase(options, MIGRATIONS.slice(0, 1)).db;
  old.run("INSERT INTO mark (cube, name, value) VALUES (1, 'a', 'kept')");
  old.close();
  const { db } = openDatabase(options, [...MIGRATIONS.slice(0, 1), SECOND]);
  expect(db.get("SELECT * FROM mark")).toMatchObject({ name: "a", value: "kept", colour: null });
  expect(db.get("PRAGMA user_version")).toMatchObject({ user_version: 2 });
  db.close();
});

test("threads of before schema 2 make room for those of now, and nothing else is touched", () => {
  const old = openDatabase(options, MIGRATIONS.slice(0, 1)).db;
  old.run("INSERT INTO mark (cube, name, value) VALUES (1, 'a', 'kept')");
  old.run(
    `INSERT INTO thread (tenant, owner, id, created_at, updated_at, expires_at)
     VALUES ('t', 'user:ada', '1', 1, 1, NULL)`,
  );
  const columnsOf = (db: Connection, table: string): string[] =>
    db
      .all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
      .map((row) => row.name);
  expect(columnsOf(old, "chunk_use")).not.toEqual([]);
  old.close();
  const { db } = openDatabase(options, MIGRATIONS);
  expect(columnsOf(db, "chunk_use")).toEqual([]);
  expect(columnsOf(db, "chunk")).toEqual(["key", "thread", "hash", "needs", "bytes"]);
  expect(db.get("SELECT 1 FROM thread")).toBeUndefined();
  expect(db.get("SELECT value FROM mark")).toMatchObject({ value: "kept" });
  const thread = { tenantId: "t", owner: "user:ada", threadId: "1" } as const;
  const context = { db, limits: options.limits } as Context;
  const chunks = [{ hash: "0".repeat(32), needs: [], bytes: new Uint8Array([9]) }];
  const checkpoint = {
    namespace: "",
    id: "1",
    value: new Uint8Array([1]),
    chunks: ["0".repeat(32)],
  };
  putCheckpoint(context, { thread, checkpoint, chunks, now: 1 });
  const found = getCheckpoint(context, { thread, namespace: "", now: 2 });
  expect(found?.checkpoint).toEqual(checkpoint);
  expect([...(found?.chunks.values() ?? [])]).toEqual(chunks);
  db.close();
});

test("a step that fails leaves the file at the schema it had", () => {
  openDatabase(options, MIGRATIONS).db.close();
  const bad: Migration = { name: "bad", sql: `${SECOND.sql}; SELECT nonsense` };
  expect(() => openDatabase(options, [...MIGRATIONS, bad])).toThrow(/nonsense/);
  const { db } = openDatabase(options, MIGRATIONS);
  expect(db.all("SELECT name FROM pragma_table_info('mark')")).toHaveLength(3);
  db.close();
});

test("a newer file is refused and stays as it was", async () => {
  openDatabase(options, [...MIGRATIONS, SECOND]).db.close();
  const before = await readFile(options.path);
  expect(() => openDatabase(options, MIGRATIONS)).toThrow(
    expect.objectContaining({
      code: "MEMCUBE_STORAGE_NEWER",
      details: {
        path: options.path,
        schema: MIGRATIONS.length + 1,
        newestKnown: MIGRATIONS.length,
      },
    }),
  );
  expect((await readFile(options.path)).equals(before)).toBe(true);
  expect(() => schemaOf()).toThrow(/duplicate column/);
});

test("a database of another program is refused and stays as it was", async () => {
  const other = new DatabaseSync(options.path);
  other.exec("CREATE TABLE notes (text)");
  other.close();
  const before = await readFile(options.path);
  expect(() => openDatabase(options)).toThrow(
    expect.objectContaining({ code: "MEMCUBE_STORAGE_DAMAGED" }),
  );
  expect((await readFile(options.path)).equals(before)).toBe(true);
});

test("a file without a full-text index gets one, made of what it holds", () => {
  const first = openDatabase(options);
  first.db.execute("DROP TABLE term_index");
  first.db.run(
    `INSERT INTO memory (key, cube, id, version, from_seq, class, kind, type, state, at, salt,
       commitment, terms, content) VALUES (7, 1, 'm', 1, 1, 3, '', '', '', 0, '', '', 'kiwi', '')`,
  );
  first.db.close();
  const { db, terms } = openDatabase(options);
  expect(terms.kept).toBe(true);
  const find = "SELECT rowid FROM term_index WHERE term_index MATCH ?";
  expect(db.get(find, 'class : (k3) AND terms : ("kiwi")')).toMatchObject({ rowid: 7 });
  db.close();
});

test("an empty file is a new one", async () => {
  await writeFile(options.path, "");
  openDatabase(options).db.close();
  expect(openDatabase(options).readOnly).toBe(false);
});

test("a file from before the index of tags gets it filled", () => {
  const old = openDatabase(options, MIGRATIONS.slice(0, 2)).db;
  const columns = "key, cube, id, version, from_seq, class, kind, type, state, tags, at, salt";
  const insert = `INSERT INTO memory (${columns}, commitment, terms, content)
    VALUES (?, 7, ?, 1, 1, 0, '', '', '', ?, 0, '', '', '', '')`;
  old.run(insert, 1, "a", '["x","y"]');
  old.run(insert, 2, "b", null);
  old.run(insert, 3, "c", '["x"]');
  old.close();
  const { db } = openDatabase(options, MIGRATIONS);
  const tagged = "SELECT key FROM tag WHERE digest = ? ORDER BY key";
  expect(db.all(tagged, digestOf(7, "x"))).toEqual([{ key: 1 }, { key: 3 }]);
  expect(db.all(tagged, digestOf(7, "y"))).toEqual([{ key: 1 }]);
  db.close();
});
