import { expect, test } from "vitest";

import { commit, cubeMutation } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { CubeHeader } from "../../memory/index.ts";
import type { Storage } from "../../ports/index.ts";
import { changedStorage } from "../../testing/changed-storage.ts";
import { fixedClock, memoryStorage, sequentialIds } from "../../testing/index.ts";
import { START } from "../../testing/test-os.ts";
import { LogKeeper } from "./log-keeper.ts";

const REF = { tenantId: "t", cubeId: "c" };
const CALLER = { tenantId: "t", userId: "ada", roles: [] };
const ids = sequentialIds();

/** Writes a version of the cube's header: a commit like any other. */
async function write(storage: Storage, version: number, ref = REF) {
  const header: CubeHeader = {
    ...ref,
    tags: [],
    createdAt: START,
    updatedAt: START,
    owner: "user:ada",
    allow: [],
    deny: [],
    writers: [],
  };
  await commit(storage.vault, fixedClock(START), ids, {
    cube: ref,
    caller: CALLER,
    decision: { effect: "permit", action: "cube.update", rules: ["test"] },
    mutations: [cubeMutation(ids, header, version - 1)],
    ...(version === 1 ? { epoch: ids.id() } : {}),
  });
}

const keeperOf = (storage: Storage, hotCommits = 10_000, sealer = "test") =>
  new LogKeeper(storage, { clock: fixedClock(START), sealer, hotCommits });

const lastSealed = async (storage: Storage) =>
  (await storage.vault.seals(REF, { afterSeq: 0, limit: 1_000 })).at(-1)?.toSeq;

// What waits for the timer has the timeout of a test as its margin.
const patience = { timeout: 4_000, interval: 20 };

test("history moves in segments of some size, not with every seal", async () => {
  const storage = memoryStorage();
  const hot = LIMITS.sealCommits * 2;
  const keeper = keeperOf(storage, hot);
  for (let version = 1; version <= LIMITS.sealCommits * 9; version++) {
    await write(storage, version);
    keeper.note(REF);
    if (version % LIMITS.sealCommits === 0) {
      await expect.poll(() => lastSealed(storage), patience).toBe(version);
    }
  }
  await keeper.close();
  const segments = await storage.vault.segments(REF);
  expect(segments.map(({ fromSeq, toSeq }) => toSeq - fromSeq + 1)).toEqual([hot, hot, hot]);
});

test("seals later what another sealer kept it from", async () => {
  const storage = memoryStorage();
  await write(storage, 1);
  const now = START;
  const lease = { name: "seal", holder: "another", now, until: now + LIMITS.sealLeaseMs };
  expect(await storage.vault.lease(REF, lease)).toBe(true);
  const keeper = keeperOf(storage);
  keeper.note(REF);
  // Margin: two looks.
  await new Promise((resolve) => setTimeout(resolve, LIMITS.sealDelayMs * 1.5));
  expect(await lastSealed(storage)).toBeUndefined();
  await storage.vault.lease(REF, { ...lease, until: now });
  await expect.poll(() => lastSealed(storage), patience).toBe(1);
  await keeper.close();
});

test("seals later what a failure kept it from", async () => {
  const storage = memoryStorage();
  await write(storage, 1);
  let failures = 1;
  const failing = changedStorage(storage, "vault", {
    seal: async (...given) => {
      if (failures-- > 0) throw new Error("down");
      await storage.vault.seal(...given);
    },
  });
  const keeper = keeperOf(failing);
  keeper.note(REF);
  await expect.poll(() => lastSealed(storage), { ...patience, timeout: 4_500 }).toBe(1);
  await keeper.close();
});

test("a cube that another process made anew is sealed from its beginning", async () => {
  const storage = memoryStorage();
  const keeper = keeperOf(storage);
  for (let version = 1; version <= 3; version++) await write(storage, version);
  keeper.note(REF);
  await expect.poll(() => lastSealed(storage), patience).toBe(3);
  await storage.vault.dropCube(REF);
  for (let version = 1; version <= 5; version++) await write(storage, version);
  keeper.note(REF);
  await expect.poll(() => lastSealed(storage), patience).toBe(5);
  await keeper.close();
  const [seal] = await storage.vault.seals(REF, { afterSeq: 0, limit: 10 });
  expect(seal?.fromSeq).toBe(1);
});

test("forgetting a cube waits for what is being written of it", async () => {
  const storage = memoryStorage();
  for (let version = 1; version <= LIMITS.sealCommits; version++) await write(storage, version);
  let put = false;
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow = changedStorage(storage, "blobs", {
    put: async (...given) => {
      put = true;
      await gate;
      return await storage.blobs.put(...given);
    },
  });
  const keeper = keeperOf(slow, 10);
  for (let i = 0; i < LIMITS.sealCommits; i++) keeper.note(REF);
  await expect.poll(() => put, patience).toBe(true);
  let forgotten = false;
  const forgetting = keeper.forget(REF).then(() => (forgotten = true));
  await Promise.resolve();
  expect(forgotten).toBe(false);
  release();
  await forgetting;
  const segments = await storage.vault.segments(REF);
  expect([...(storage.data.blobs.get("t")?.keys() ?? [])]).toEqual(
    segments.map((segment) => segment.blob),
  );
  await keeper.close();
});
