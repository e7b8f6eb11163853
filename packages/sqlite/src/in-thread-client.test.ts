import { commitRequest, cubeWrite, memoryWrite, storageConformance } from "@memcube/conformance";
import { LIMITS } from "@memcube/core";
import { expect, test } from "vitest";

import { memoryBlobs } from "./blobs/memory-blobs.ts";
import { InThreadClient, openInThread } from "./in-thread-client.ts";
import { parseOptions } from "./options.ts";
import { storageOver } from "./sqlite-storage.ts";
import { openDatabase } from "./worker/open-database.ts";

const PATH = ":memory:";
const OPTIONS = parseOptions({ path: PATH });
const CUBE = { tenantId: "t", cubeId: "c" };
const NEW_CUBE = commitRequest({ cube: CUBE, writes: [cubeWrite(CUBE)] });

// A place outlives its handles, a database in RAM not its connection: handles here share one.
storageConformance("sqlite in RAM", async () => {
  const kept = openDatabase({ ...OPTIONS, limits: LIMITS });
  const close = kept.db.close.bind(kept.db);
  kept.db.close = () => {};
  const blobs = memoryBlobs();
  return await Promise.resolve({
    shared: true,
    open: async () => await storageOver(new InThreadClient(PATH, () => kept), OPTIONS, blobs),
    destroy: async () => await Promise.resolve(close()),
  });
});

/** Whether it settles without anything but microtasks. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return isSettled;
}

test("calls settle in the turn in which they are made", async () => {
  const client = openInThread(OPTIONS);
  expect(await settles(client.call("vault.commit", NEW_CUBE))).toBe(true);
  expect(await settles(client.call("vault.cube", CUBE))).toBe(true);
  expect(await settles(client.call("vault.commit", NEW_CUBE))).toBe(true);
  await client.close();
});

test("a command that fails leaves nothing of it", async () => {
  const client = openInThread(OPTIONS);
  await client.call("vault.commit", NEW_CUBE);
  const writes = [memoryWrite(CUBE, { id: "m1" }), { op: "nothing known" } as never];
  const wrong = commitRequest({ cube: CUBE, writes });
  await expect(client.call("vault.commit", wrong)).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_FAILED",
  });
  const query = { ref: CUBE, view: { everything: true as const }, query: { ids: ["m1"] } };
  expect(await client.call("vault.read", query)).toEqual({ value: [] });
  await client.close();
});

test("an unknown command is refused, whatever its name", async () => {
  const client = openInThread(OPTIONS);
  await expect(client.call("constructor" as never, undefined as never)).rejects.toMatchObject({
    code: "MEMCUBE_NOT_SUPPORTED",
  });
  await client.close();
});

test("what does not fit is refused, and what was there stays", async () => {
  const client = openInThread({ ...OPTIONS, maxPages: 200 });
  await client.call("vault.commit", NEW_CUBE);
  const put = async (id: string, chars: number) => {
    const writes = [memoryWrite(CUBE, { id, text: "x".repeat(chars) })];
    await client.call("vault.commit", commitRequest({ cube: CUBE, writes }));
  };
  await expect(put("large", 1_000_000)).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_FULL",
    details: { path: PATH },
  });
  await put("small", 10);
  expect(await client.call("vault.stats", CUBE)).toMatchObject({ memories: 1 });
  await client.close();
});

test("a closed one refuses calls, and may be closed twice", async () => {
  const client = openInThread(OPTIONS);
  await Promise.all([client.close(), client.close()]);
  await expect(client.call("vault.position", CUBE)).rejects.toMatchObject({
    code: "MEMCUBE_CLOSED",
  });
  expect(() => client.checkOpen()).toThrow("closed");
});

test("one that can't be opened says why", () => {
  expect(() => openInThread({ ...OPTIONS, maxPages: 1 })).toThrow(
    expect.objectContaining({ code: "MEMCUBE_STORAGE_FULL" }),
  );
});
