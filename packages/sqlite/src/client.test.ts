import { isMemCubeError } from "@memcube/core";
import diagnostics from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Client } from "./client.ts";

let directory: string;
let workers: Worker[];

const capture = (message: unknown): void => {
  workers.push((message as { worker: Worker }).worker);
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-client-"));
  workers = [];
  diagnostics.subscribe("worker_threads", capture);
});

afterEach(async () => {
  diagnostics.unsubscribe("worker_threads", capture);
  await rm(directory, { recursive: true, force: true });
});

async function openClient(): Promise<Client> {
  const path = join(directory, "memory.db");
  const client = new Client({
    path,
    durability: "process",
    busyTimeoutMs: 1_000,
    cacheBytes: 1_048_576,
  });
  await client.opened();
  return client;
}

const CUBE = { tenantId: "t", cubeId: "c" };

test("when the thread dies, open calls and later ones say so", async () => {
  const client = await openClient();
  const open = Promise.allSettled([
    client.call("vault.position", CUBE),
    client.call("vault.cube", CUBE),
  ]);
  await workers[0]?.terminate();
  for (const outcome of await open) {
    if (outcome.status === "fulfilled") continue; // answered before it died
    expect(isMemCubeError(outcome.reason, "MEMCUBE_STORAGE_FAILED")).toBe(true);
  }
  await expect(client.call("vault.position", CUBE)).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_FAILED",
    details: { path: join(directory, "memory.db") },
  });
  await client.close();
});

test("a call that can't be sent fails by itself", async () => {
  const client = await openClient();
  const bad = client.call("vault.position", { ...CUBE, more: () => 1 } as never);
  const good = client.call("vault.position", CUBE);
  await expect(bad).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
  expect(await good).toBeUndefined();
  await client.close();
});

test("an unknown command is refused, whatever its name", async () => {
  const client = await openClient();
  await expect(client.call("constructor" as never, undefined as never)).rejects.toMatchObject({
    code: "MEMCUBE_NOT_SUPPORTED",
  });
  await client.close();
});

test("closing waits for what was begun, and may be done twice", async () => {
  const client = await openClient();
  const open = client.call("usage.add", [["default", "c", "m", 1, 0, 0, 1]]);
  await Promise.all([client.close(), client.close()]);
  await open;
  await expect(client.call("vault.position", CUBE)).rejects.toMatchObject({
    code: "MEMCUBE_CLOSED",
  });
});
