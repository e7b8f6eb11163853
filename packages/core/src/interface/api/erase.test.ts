import { afterEach, describe, expect, test } from "vitest";

import { archiveHistory, DROP_BLOBS_TASK, sealLog } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Storage } from "../../ports/index.ts";
import { blobTexts } from "../../testing/blob-texts.ts";
import { changedStorage } from "../../testing/changed-storage.ts";
import { fixedClock, memoryStorage, type MemoryStorage } from "../../testing/index.ts";
import { START, testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const REF = { tenantId: "default", cubeId: "c" };

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function open(storage: Storage, worker = false) {
  const made = testOS({ storage, worker });
  opened.push(made.os);
  return { ...made, cube: await made.os.as({ userId: "ada" }).cube("c", { create: true }) };
}

/** A memory whose text was "zanzibar ..." in each of many versions, and another one beside it. */
async function withVersions(storage: MemoryStorage) {
  const made = await open(storage);
  const { ids } = await made.cube.add(["zanzibar", "other"]);
  const [id, other] = ids as [string, string];
  for (let i = 0; i < 10; i++) {
    await made.cube.update(id, { text: `zanzibar ${i}` });
    await made.cube.update(other, { text: `other ${i}` });
  }
  await sealLog(storage, REF, { clock: fixedClock(START), sealer: "test" });
  return { ...made, id, other };
}

let cuts = 0;
const cutAll = async (storage: Storage, keepCommits = 1, perSegment?: number) => {
  const { position } = (await storage.vault.cube(REF)) ?? {};
  const last = position?.seq ?? 0;
  const ends = perSegment === undefined ? [last] : [perSegment, last];
  for (const sealedTo of ends) {
    const newCut = () => `cut ${cuts++}`;
    await archiveHistory(storage, REF, { keepCommits, sealedTo, clock: fixedClock(START), newCut });
  }
};

const holdsSecret = (storage: MemoryStorage) =>
  blobTexts(storage.data).some((text) => text.includes("zanzibar"));

describe("what is erased stays erased", () => {
  test("when a segment is being cut at the same time", async () => {
    const storage = memoryStorage();
    const { cube, id, other } = await withVersions(storage);
    const before = await cube.position();
    let erased = false;
    const racing = changedStorage(storage, "vault", {
      addSegment: async (...given) => {
        if (!erased) {
          erased = true;
          await cube.erase(id);
        }
        await storage.vault.addSegment(...given);
      },
    });
    await cutAll(racing);
    expect(await storage.vault.segments(REF)).toHaveLength(1);
    expect(holdsSecret(storage)).toBe(false);
    expect(storage.data.blobs.get("default")?.size).toBe(1);
    expect(await cube.history(id)).toEqual([]);
    expect(await (await cube.at(before)).get(id)).toBeUndefined();
    expect(await cube.history(other)).toHaveLength(11);
    expect(codesOf(await cube.verify())).not.toContain("version-unknown");
  });

  test("when the process that cut dies before anybody points to the blob", async () => {
    const storage = memoryStorage();
    const { cube, id } = await withVersions(storage);
    const dying = changedStorage(storage, "vault", {
      addSegment: async () => await Promise.reject(new Error("killed")),
    });
    const undying = changedStorage(dying, "blobs", {
      delete: async () => await Promise.reject(new Error("killed")),
    });
    await expect(cutAll(undying)).rejects.toThrow("killed");
    expect(holdsSecret(storage)).toBe(true);
    await cube.erase(id);
    await runDropTasks(storage);
    expect(holdsSecret(storage)).toBe(false);
  });

  test("when the process that erased dies before the old blob is deleted", async () => {
    const storage = memoryStorage();
    const { id } = await withVersions(storage);
    await cutAll(storage);
    const dying = await open(
      changedStorage(storage, "blobs", {
        delete: async () => await Promise.reject(new Error("killed")),
      }),
    );
    await expect(dying.cube.erase(id)).rejects.toThrow("killed");
    expect(holdsSecret(storage)).toBe(true);
    await runDropTasks(storage);
    expect(holdsSecret(storage)).toBe(false);
    expect(await storage.vault.segments(REF)).toHaveLength(1);
    expect((await dying.cube.history(id)).length).toBe(0);
  });

  test("in the other segments when one is lost", async () => {
    const storage = memoryStorage();
    const { cube, id } = await withVersions(storage);
    await cutAll(storage, 1, 10);
    const segments = await storage.vault.segments(REF);
    expect(segments).toHaveLength(2);
    await storage.blobs.delete("default", segments[0]?.blob ?? "");
    expect(holdsSecret(storage)).toBe(true);
    await expect(cube.erase(id)).rejects.toMatchObject({ code: "MEMCUBE_BLOB_DAMAGED" });
    expect(holdsSecret(storage)).toBe(false);
  });

  test("when a cube is deleted while a segment of it is being cut", async () => {
    const storage = memoryStorage();
    const { os, cube } = await withVersions(storage);
    void cube;
    const racing = changedStorage(storage, "vault", {
      addSegment: async (...given) => {
        await os.as({ userId: "ada" }).deleteCube("c");
        await storage.vault.addSegment(...given);
      },
    });
    await expect(cutAll(racing)).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
    expect(storage.data.blobs.get("default")?.size ?? 0).toBe(0);
  });
});

async function runDropTasks(storage: MemoryStorage) {
  const clock = fixedClock(START + LIMITS.dropDelayMs + 1);
  const { os } = testOS({ storage: memoryStorage({ from: storage.data }), clock });
  await os.idle();
  await os.close();
  const left = [...storage.data.queue.tasks.values()].filter(
    ({ type }) => type === DROP_BLOBS_TASK,
  );
  expect(left).toEqual([]);
}

const codesOf = (report: { readonly problems: readonly { readonly code: string }[] }) =>
  report.problems.map(({ code }) => code);

describe("who may erase", () => {
  const people = async () => {
    const made = testOS({ worker: false });
    opened.push(made.os);
    const as = (userId: string) => made.os.as({ userId });
    const cube = await as("ada").createCube("c", { allow: ["user:rita"], writers: ["user:will"] });
    return { ...made, cube, will: await as("will").cube("c"), rita: await as("rita").cube("c") };
  };

  test("the owner of the cube, also what she can't see", async () => {
    const { cube, will, storage } = await people();
    const { ids } = await will.add("hers to erase", { allow: [] });
    expect(await cube.get(ids[0] as string)).toBeUndefined();
    expect(await cube.erase(ids)).toEqual(ids);
    expect((await storage.vault.stats(REF)).memories).toBe(0);
  });

  test("a writer without the right to read, what is their own", async () => {
    const { cube, will } = await people();
    const { ids: own } = await will.add("will's own");
    const { ids: others } = await cube.add("ada's");
    expect(await will.erase(own)).toEqual(own);
    await expect(will.erase(others)).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
    const { ids: more } = await will.add("will's next");
    // Of ada's memory, which will can't see, nothing is told.
    expect(await will.erase([...more, ...others])).toEqual(more);
    expect(await cube.get(others[0] as string)).toBeDefined();
  });

  test("nobody else; a mixture of one's own and another's that is seen neither", async () => {
    const { cube, rita } = await people();
    const { ids } = await cube.add("ada's");
    await expect(rita.erase(ids)).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
    await cube.configure({ writers: ["user:rita"] });
    const { ids: own } = await rita.add("rita's");
    await expect(rita.erase([...own, ...ids])).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
    expect(await rita.erase(own)).toEqual(own);
  });

  test("what can't be read any more is erased all the same", async () => {
    const storage = memoryStorage();
    const { cube } = await open(storage);
    const { ids } = await cube.add("fine");
    const row = storage.data.cubes
      .values()
      .next()
      .value?.memories.get(ids[0] as string);
    const version = row?.versions[0];
    if (row === undefined || version === undefined) throw new TypeError("no version");
    row.versions[0] = { ...version, content: "not JSON" };
    expect(await cube.erase(ids)).toEqual(ids);
    expect((await cube.list()).items).toEqual([]);
  });
});
