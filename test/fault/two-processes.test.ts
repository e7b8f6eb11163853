import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { commitRequest, cubeWrite } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { SHARED } from "./acknowledged.ts";
import { runProcess } from "./run-process.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-two-"));
  path = join(directory, "memory.db");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test("two processes that race for one memory lose no update", async () => {
  const storage = await sqliteStorage({ path, durability: "process" });
  await storage.vault.commit(commitRequest({ cube: SHARED, writes: [cubeWrite(SHARED)] }));
  const ended = await Promise.all(
    ["one", "two"].map((name) => runProcess("counting-process.ts", [path, "100", name])),
  );
  for (const { code, complaints } of ended) expect([code, complaints]).toEqual([0, ""]);
  const versions = await storage.vault.versions(SHARED, {
    id: "counter",
    access: { system: "verify" },
    limit: 1_000,
  });
  expect(versions.map(({ version }) => version)).toEqual(
    Array.from({ length: 200 }, (_, index) => 200 - index),
  );
  expect((await storage.vault.position(SHARED))?.seq).toBe(201);
  await storage.close();
});

test("a process that only has a storage open ends by itself", async () => {
  const start = performance.now();
  const { code, complaints } = await runProcess("forgetful-process.ts", [path, "idle"]);
  expect([code, complaints]).toEqual([0, ""]);
  expect(performance.now() - start).toBeLessThan(20_000);
});

test("a process that forgets to wait and to close still writes what it began", async () => {
  const { code, complaints } = await runProcess("forgetful-process.ts", [path, "write"]);
  expect([code, complaints]).toEqual([0, ""]);
  const storage = await sqliteStorage({ path, durability: "process" });
  expect((await storage.vault.stats(SHARED)).memories).toBe(50);
  await storage.close();
});
