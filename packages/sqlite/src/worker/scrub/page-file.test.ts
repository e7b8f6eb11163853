import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

import { PageFile } from "./page-file.ts";

/** Locks that this process holds on a file. */
function locksOn(path: string): number {
  const { ino } = statSync(path);
  const lines = readFileSync("/proc/locks", "utf8").split("\n");
  return lines.filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `))
    .length;
}

test("closing the pages leaves another connection of the process its locks", async ({ skip }) => {
  if (!existsSync("/proc/locks")) return skip("locks are listed on Linux only");
  const directory = await mkdtemp(join(tmpdir(), "memcube-locks-"));
  const path = join(directory, "memory.db");
  const [one, other] = [new DatabaseSync(path), new DatabaseSync(path)];
  one.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  other.exec("SELECT * FROM t");
  const pages = new PageFile(path, 4_096);
  expect(pages.read(1, new Uint8Array(4_096))?.[0]).toBe("S".charCodeAt(0));
  other.close();
  expect(locksOn(path)).toBeGreaterThan(0);
  pages.close();
  expect(locksOn(path), "kept, as the first connection is open").toBeGreaterThan(0);
  one.close();
  await rm(directory, { recursive: true, force: true });
});
