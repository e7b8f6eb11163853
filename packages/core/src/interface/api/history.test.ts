import { afterEach, expect, test } from "vitest";

import { LIMITS } from "../../limits.ts";
import { changedStorage } from "../../testing/changed-storage.ts";
import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

test("all versions are there, read in pages, with the log in ranges and each segment once", async () => {
  const storage = memoryStorage();
  const first = testOS({ storage, hotCommits: 1_200, worker: false });
  const cube = await first.os.as({ userId: "ada" }).createCube("c");
  const { ids } = await cube.add("version 1");
  const id = ids[0] as string;
  const count = 2 * LIMITS.pageRows + 600;
  for (let i = 2; i <= count; i++) await cube.update(id, { text: `version ${i}` });
  await first.os.close();
  const calls = { versions: 0, log: 0, get: 0 };
  const again = memoryStorage({ from: storage.data });
  const counted = changedStorage(
    changedStorage(again, "vault", {
      versions: async (...given) => (calls.versions++, await again.vault.versions(...given)),
      log: async (...given) => (calls.log++, await again.vault.log(...given)),
    }),
    "blobs",
    { get: async (...given) => (calls.get++, await again.blobs.get(...given)) },
  );
  const { os } = testOS({ storage: counted, worker: false });
  opened.push(os);
  const reopened = await os.as({ userId: "ada" }).cube("c");
  const history = await reopened.history(id);
  expect(history.map(({ version }) => version.number)).toEqual(
    Array.from({ length: count }, (_, i) => count - i),
  );
  expect(history.every(({ written }) => written?.actor?.userId === "ada")).toBe(true);
  const { segments } = await reopened.stats();
  expect(segments).toBeGreaterThan(0);
  expect(calls.versions).toBeLessThanOrEqual(3);
  expect(calls.log).toBeLessThanOrEqual(3);
  expect(calls.get).toBe(segments);
  Object.assign(calls, { versions: 0, log: 0, get: 0 });
  expect((await reopened.rollback(id, count - 5)).payload).toMatchObject({
    text: `version ${count - 5}`,
  });
  expect(calls).toEqual({ versions: 1, log: 0, get: 0 });
  expect((await reopened.rollback(id, 2)).payload).toMatchObject({ text: "version 2" });
});

test("a rollback of what is not there says what is not there", async () => {
  const { os } = testOS({ worker: false });
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("c");
  await expect(cube.rollback("nothing", 1)).rejects.toMatchObject({
    code: "MEMCUBE_MEMORY_NOT_FOUND",
  });
  const { ids } = await cube.add("one");
  await expect(cube.rollback(ids[0] as string, 7)).rejects.toMatchObject({
    code: "MEMCUBE_VERSION_NOT_FOUND",
  });
});

test("following a log leaves no listeners on the signal", async () => {
  const { os } = testOS({ worker: false });
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("c");
  const stop = new AbortController();
  let listeners = 0;
  let most = 0;
  const { signal } = stop;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    most = Math.max(most, ++listeners);
    add(...given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listeners--;
    remove(...given);
  };
  const changes: number[] = [];
  const following = (async () => {
    for await (const { seq } of cube.log({ follow: true, signal })) changes.push(seq);
  })();
  await expect.poll(() => most).toBe(1);
  await cube.add("one");
  await expect.poll(() => changes).toEqual([1, 2]);
  // Margin: some further looks, 200 ms apart.
  await new Promise((resolve) => setTimeout(resolve, 500));
  stop.abort();
  await following;
  expect([most, listeners]).toEqual([1, 0]);
});
