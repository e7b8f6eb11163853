import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { LogSync } from "./log-sync.ts";

let directory: string;
let path: string;
/** Ends the sync that is running. */
let finish: ((error: Error | null) => void)[];
let atOnce: (descriptor: number) => void;
let calledAtOnce: number;
let log: LogSync;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "memcube-sync-"));
  path = join(directory, "memory.db");
  writeFileSync(`${path}-wal`, "log");
  finish = [];
  atOnce = () => {};
  log = new LogSync(path, {
    inPool: (_descriptor, done) => finish.push(done),
    atOnce: (descriptor) => {
      calledAtOnce += 1;
      atOnce(descriptor);
    },
  });
  calledAtOnce = 0;
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("those who come while the disk is at work share one further sync", async () => {
  const ended: string[] = [];
  const wait = (name: string) => log.sync().then((isSynced) => ended.push(`${name} ${isSynced}`));
  const all = [wait("first"), wait("second"), wait("third")];
  await turn();
  expect(finish).toHaveLength(1);
  finish[0]?.(null);
  await turn();
  expect(ended).toEqual(["first true"]);
  expect(finish).toHaveLength(2);
  all.push(wait("fourth"));
  finish[1]?.(null);
  await turn();
  expect(ended).toEqual(["first true", "second true", "third true"]);
  finish[2]?.(null);
  await Promise.all(all);
  expect(finish).toHaveLength(3);
});

test("a sync that fails says so, and the next is tried", async () => {
  const failed = log.sync();
  finish[0]?.(new Error("EIO"));
  expect(await failed).toBe(false);
  const next = log.sync();
  finish[1]?.(null);
  expect(await next).toBe(true);
});

test("where there is no log it fails", async () => {
  expect(await new LogSync(join(directory, "nothing.db")).sync()).toBe(false);
});

test("closing waits for what was begun", async () => {
  const ended: string[] = [];
  const all = [
    log.sync().then(() => ended.push("first")),
    log.sync().then(() => ended.push("next")),
  ];
  const closed = log.close().then(() => ended.push("closed"));
  finish[0]?.(null);
  await turn();
  finish[1]?.(null);
  await Promise.all([...all, closed]);
  expect(ended).toEqual(["first", "next", "closed"]);
});

function pause(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A sync in the pool, after which the disk is taken for a quick one. */
async function quickly(): Promise<boolean> {
  const synced = log.sync();
  finish.at(-1)?.(null);
  return await synced;
}

test("a quick disk is waited for at once, until it is slow", async () => {
  expect(await quickly()).toBe(true);
  expect([await log.sync(), await log.sync(), calledAtOnce]).toEqual([true, true, 2]);
  atOnce = () => pause(1);
  expect(await log.sync()).toBe(true);
  const inPool = log.sync();
  pause(2);
  finish[1]?.(null);
  expect([await inPool, calledAtOnce]).toEqual([true, 3]);
  const again = log.sync();
  expect(finish).toHaveLength(3);
  finish[2]?.(null);
  await again;
});

test("one that fails at once says so, and the next is tried in the pool", async () => {
  await quickly();
  atOnce = () => {
    throw new Error("EIO");
  };
  expect(await log.sync()).toBe(false);
  expect(await quickly()).toBe(true);
  expect(finish).toHaveLength(2);
});
