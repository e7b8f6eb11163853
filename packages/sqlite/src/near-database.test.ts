import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { NearDatabase } from "./near-database.ts";
import { parseOptions } from "./options.ts";
import { sqliteStorage, type SqliteStorage } from "./sqlite-storage.ts";
import type { Connection } from "./worker/connection.ts";

let directory: string;
let storage: SqliteStorage;
let near: NearDatabase;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "memcube-near-"));
  const path = join(directory, "memory.db");
  storage = await sqliteStorage({ path, durability: "process" });
  near = new NearDatabase(parseOptions({ path, durability: "process" }), true);
});

afterEach(async () => {
  await near.close();
  await storage.close();
  rmSync(directory, { recursive: true, force: true });
});

const mark = (db: Connection, name: string): number =>
  db.run("INSERT INTO mark (cube, name, value) VALUES (1, ?, 'v')", name);
const marks = (): unknown =>
  near.read((db) => db.all("SELECT name FROM mark").map((row) => (row as { name: string }).name));

test("a write is stored whole, or not at all", () => {
  expect(near.write((db) => mark(db, "a"))).toBe(1);
  expect(near.write((db) => (mark(db, "undone") === 1 ? undefined : 0))).toBeUndefined();
  const failing = near.write((db) => {
    mark(db, "failed");
    throw new Error("no");
  });
  expect(failing).toBeUndefined();
  expect(marks()).toEqual({ value: ["a"] });
});

test("after it is closed nothing is done", async () => {
  await near.close();
  expect(near.write(() => true)).toBeUndefined();
  expect(marks()).toBeUndefined();
});
