import { afterEach, expect, test } from "vitest";

import { changedStorage } from "../../testing/changed-storage.ts";
import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** A storage that wants so many writes in one commit, and how many memories each commit put. */
function start(batchWrites?: number) {
  const storage = memoryStorage();
  const { capabilities, commit } = storage.vault;
  const sizes: number[] = [];
  const changed = changedStorage(storage, "vault", {
    capabilities: { ...capabilities, ...(batchWrites === undefined ? {} : { batchWrites }) },
    commit: async (request) => {
      if (request.writes[0]?.op === "put") sizes.push(request.writes.length);
      return await commit(request);
    },
  });
  const { os } = testOS({ storage: changed });
  opened.push(os);
  return { me: os.as({ userId: "ada" }), sizes };
}

const texts = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);

test("many memories are added in commits of the size that the storage wants", async () => {
  const { me, sizes } = start(3);
  const cube = await me.createCube("a");
  const { ids } = await cube.add(texts(7));
  expect(ids).toHaveLength(7);
  expect(sizes).toEqual([3, 3, 1]);
  sizes.length = 0;
  const lines = [];
  for await (const line of cube.export()) lines.push(line);
  const copy = await me.createCube("b");
  const renamed = lines.map((line, i) => ({ ...line, header: { ...line.header, id: `m${i}` } }));
  const { imported } = await copy.import(renamed);
  expect([imported, sizes]).toEqual([7, [3, 3, 1]]);
});

test("never in larger ones than the core's, whatever it wants", async () => {
  for (const batchWrites of [undefined, 1_000]) {
    const { me, sizes } = start(batchWrites);
    await (await me.createCube("a")).add(texts(300));
    expect(sizes).toEqual([256, 44]);
  }
});
