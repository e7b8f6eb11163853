import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openDatabase } from "../open-database.ts";
import { PageFile } from "./page-file.ts";
import { Scrubber } from "./scrubber.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-scrub-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

/** Text of which no other row has a piece: 16 letters are enough to know it by. */
function textOf(row: number, length: number): string {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, block) =>
    createHash("sha256").update(`${row} ${block}`).digest("hex"),
  );
  return blocks.join("").slice(0, length);
}

test("rows that moved between pages leave nothing behind once they are gone", async () => {
  const path = join(directory, "memory.db");
  const limits = { taskAttempts: 1, topicMessages: 1 };
  const options = {
    path,
    durability: "process",
    busyTimeoutMs: 100,
    cacheBytes: 1 << 20,
    limits,
  } as const;
  const { db } = openDatabase(options);
  const next = numbersFrom(7);
  const lengths = new Map<number, number>();
  const insert = `INSERT INTO past (place, key, cube, id, version, from_seq, to_seq, class, kind, type,
      state, at, salt, commitment, content)
    VALUES (?, ?, 1, 'm', 1, 1, 2, 1, '', '', '', 0, '', '', ?)`;
  // In no order, of every length, so that the tree is rebalanced all the time.
  for (let count = 0; count < 2_000; count += 1) {
    const row = 1 + next(1_000_000);
    if (lengths.has(row)) continue;
    const length = next(10) === 0 ? 20 + next(9_000) : 20 + next(700);
    lengths.set(row, length);
    db.run(insert, row, row, textOf(row, length));
  }
  const gone = [...lengths.keys()].filter((row) => row % 3 === 0);
  for (const row of gone) db.run("DELETE FROM past WHERE place = ?", row);
  const kept = db.all("SELECT * FROM past ORDER BY place");

  const empty = (): void => void db.get("PRAGMA wal_checkpoint(TRUNCATE)");
  empty();
  const leftBehind = async (): Promise<number> => {
    const bytes = await readFile(path);
    return gone.filter((row) => {
      const text = textOf(row, lengths.get(row) ?? 0);
      return [0, text.length - 16].some((at) => bytes.includes(text.slice(at, at + 16)));
    }).length;
  };
  expect(
    await leftBehind(),
    "without scrubbing something is left: the reason for all this",
  ).toBeGreaterThan(0);

  const file = new PageFile(path, 4_096);
  const scrubber = new Scrubber(db, file);
  scrubber.begin();
  while (!scrubber.look(performance.now() + 1));
  expect(scrubber.isDirty).toBe(true);
  while (scrubber.isDirty) {
    db.execute("BEGIN IMMEDIATE");
    expect(file.isComplete()).toBe(true);
    scrubber.clear(performance.now() + 1);
    db.execute("COMMIT");
    empty();
  }
  expect(await leftBehind()).toBe(0);
  scrubber.begin();
  scrubber.look(Infinity);
  expect(scrubber.isDirty, "every page could be cleared").toBe(false);
  expect(db.all("SELECT * FROM past ORDER BY place")).toEqual(kept);
  expect(db.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
  db.close();
  file.close();
});
