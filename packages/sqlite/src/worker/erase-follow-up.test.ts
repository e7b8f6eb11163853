import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { WorkerOptions } from "../protocol.ts";
import { EraseFollowUp } from "./erase-follow-up.ts";
import { openDatabase } from "./open-database.ts";

let directory: string;
let options: WorkerOptions;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-erase-"));
  options = {
    path: join(directory, "memory.db"),
    durability: "process",
    busyTimeoutMs: 200,
    cacheBytes: 1_048_576,
    limits: { taskAttempts: 1, topicMessages: 1 },
  };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const WORDS = "words that nobody should find";

function open() {
  const opened = openDatabase(options);
  const settled = Promise.withResolvers<void>();
  const followUp = new EraseFollowUp(opened, options.path, (unfinished) => {
    if (!unfinished) settled.resolve();
  });
  const close = (): void => {
    opened.db.close();
    followUp.close();
  };
  return { db: opened.db, followUp, settled: settled.promise, close };
}

/** Writes words and destroys them, and says so as a command does. */
function eraseSomething({ db, followUp }: Pick<ReturnType<typeof open>, "db" | "followUp">): void {
  db.run("INSERT INTO mark (cube, name, value) VALUES (1, 'a', ?)", WORDS);
  db.execute("BEGIN IMMEDIATE");
  db.run("DELETE FROM mark");
  followUp.want();
  db.execute("COMMIT");
}

const logBytes = async (): Promise<number> => (await stat(`${options.path}-wal`)).size;

test("the log is emptied and the words are gone, without a close", async () => {
  const { settled, close, ...opened } = open();
  eraseSomething(opened);
  expect(await readFile(`${options.path}-wal`, "utf8")).toContain(WORDS);
  opened.followUp.soon();
  await settled;
  // What is left in the log is the note that nothing is left to be done.
  expect(await readFile(`${options.path}-wal`, "utf8")).not.toContain(WORDS);
  expect(await readFile(options.path, "utf8")).not.toContain(WORDS);
  expect(opened.db.all("SELECT * FROM chore")).toEqual([]);
  expect(opened.followUp.wanted).toBe(false);
  close();
});

test("what a crash has interrupted is done when the file is opened next", async () => {
  const crashed = open();
  eraseSomething(crashed);
  crashed.close(); // nothing was done

  const { db, followUp, settled, close } = open();
  expect(followUp.wanted).toBe(true);
  followUp.soon();
  await settled;
  expect(db.all("SELECT * FROM chore")).toEqual([]);
  close();
});

test("closing does what is left", () => {
  const opened = open();
  eraseSomething(opened);
  opened.followUp.finish();
  expect(opened.db.all("SELECT * FROM chore")).toEqual([]);
  opened.close();
});

test("somebody who reads holds it up, and it is done after", async () => {
  const { settled, close, ...opened } = open();
  const reader = new DatabaseSync(options.path);
  opened.db.run("INSERT INTO mark (cube, name, value) VALUES (2, 'b', 'c')");
  reader.exec("BEGIN; SELECT count(*) FROM mark");
  eraseSomething(opened);
  opened.followUp.soon();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(opened.followUp.wanted).toBe(true);
  expect(await logBytes()).toBeGreaterThan(0);
  reader.exec("COMMIT");
  reader.close();
  await settled;
  expect(await readFile(`${options.path}-wal`, "utf8")).not.toContain(WORDS);
  close();
});
