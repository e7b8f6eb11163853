import { gunzipSync, gzipSync } from "node:zlib";

import { afterEach, expect, test } from "vitest";

import { sealLog } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { visibilityKey } from "../../memory/index.ts";
import { changedStorage } from "../../testing/changed-storage.ts";
import { fixedClock, memoryStorage, type MemoryStorage } from "../../testing/index.ts";
import { START, testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const REF = { tenantId: "default", cubeId: "trips" };

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function start(storage: MemoryStorage = memoryStorage(), hotCommits = 10_000) {
  const made = testOS({ storage, hotCommits, worker: false });
  opened.push(made.os);
  const ada = made.os.as({ userId: "ada" });
  return { ...made, storage, ada, cube: await ada.cube("trips", { create: true }) };
}

async function withHistory(storage = memoryStorage()) {
  const made = await start(storage);
  const { ids } = await made.cube.add({ type: "fact", text: "secret" }, { allow: ["user:ada"] });
  const id = ids[0] as string;
  await made.cube.update(id, { text: "second" });
  await made.cube.update(id, { text: "third" });
  const row = storage.data.cubes.values().next().value?.memories.get(id);
  if (row === undefined) throw new TypeError("no memory");
  return { ...made, id, row };
}

const codes = (report: { readonly problems: readonly { readonly code: string }[] }) =>
  report.problems.map(({ code }) => code);

test("somebody writing meanwhile is no tampering", async () => {
  const { cube, storage, id } = await withHistory();
  for (const when of ["list", "endedVersions", "log", "segments"] as const) {
    let wrote = false;
    const meanwhile = changedStorage(storage, "vault", {
      [when]: async (...given: never[]) => {
        if (!wrote) {
          wrote = true;
          await cube.update(id, { text: `while ${when}` });
          await cube.add(`another while ${when}`);
        }
        return await (storage.vault[when] as (...args: never[]) => Promise<unknown>)(...given);
      },
    });
    const { os } = testOS({ storage: meanwhile, worker: false });
    const other = await os.as({ userId: "ada" }).cube("trips");
    expect((await other.verify()).problems, when).toEqual([]);
    expect(wrote).toBe(true);
  }
});

test("a memory erased meanwhile, and written anew under its id, is no tampering", async () => {
  const { cube, storage, id } = await withHistory();
  let done = false;
  const meanwhile = changedStorage(storage, "vault", {
    endedVersions: async (ref, query) => {
      if (!done) await cube.erase(id);
      done = true;
      return await storage.vault.endedVersions(ref, query);
    },
  });
  const { os } = testOS({ storage: meanwhile, worker: false });
  const other = await os.as({ userId: "ada" }).cube("trips");
  expect((await other.verify()).problems).toEqual([]);
});

test("who may see a version can't be changed beside its content", async () => {
  for (const place of [0, 1, 2]) {
    const { cube, row } = await withHistory();
    const version = row.versions[place];
    if (version === undefined) throw new TypeError("no version");
    const index = { ...version.index, visibility: visibilityKey({ deny: [] }) };
    row.versions[place] = { ...version, index };
    expect(codes(await cube.verify())).toEqual(["index-altered"]);
  }
});

test("neither can its state or kind", async () => {
  for (const change of [{ state: "archived" }, { kind: "activation" }] as const) {
    const { cube, row } = await withHistory();
    const version = row.versions[2];
    if (version === undefined) throw new TypeError("no version");
    row.versions[2] = { ...version, index: { ...version.index, ...change } };
    expect(codes(await cube.verify())).toEqual(["index-altered"]);
  }
});

test("a current version can't be ended, an ended one not be moved in time", async () => {
  const ended = await withHistory();
  (ended.row.versions[2] as { toSeq?: number }).toSeq = 4;
  expect(codes(await ended.cube.verify())).toEqual(["index-altered"]);
  const later = await withHistory();
  (later.row.versions[2] as { toSeq?: number }).toSeq = 99;
  expect(codes(await later.cube.verify())).toEqual(["index-altered"]);
  const moved = await withHistory();
  (moved.row.versions[0] as { toSeq?: number }).toSeq = 4;
  expect(codes(await moved.cube.verify())).toEqual(["index-altered"]);
});

async function archived() {
  const storage = memoryStorage();
  const made = await start(storage, 5);
  for (let i = 0; i < 20; i++) await made.cube.add(`note ${i}`);
  await made.os.close();
  const again = await start(memoryStorage({ from: storage.data }), 5);
  const [segment] = await again.storage.vault.segments(REF);
  if (segment === undefined) throw new TypeError("no segment");
  expect((await again.cube.verify()).problems).toEqual([]);
  return { ...again, segment };
}

test("seals that are gone while segments are there", async () => {
  const { storage, cube } = await archived();
  storage.data.cubes.values().next().value?.seals.splice(0);
  const report = await cube.verify();
  expect(report).toMatchObject({ ok: false, sealedTo: 0 });
  expect(codes(report)).toContain("archived-unsealed");
});

test("a commit cut out of a segment's end is missing, and verifying comes to an end", async () => {
  const { storage, cube, segment } = await archived();
  const bytes = await storage.blobs.get("default", segment.blob);
  const lines = gunzipSync(bytes as Uint8Array)
    .toString()
    .split("\n");
  const left = lines.filter((line) => !line.includes(`"seq":${segment.toSeq},`));
  expect(left.length).toBe(lines.length - 1);
  const { hash } = await storage.blobs.put("default", gzipSync(left.join("\n")));
  await storage.vault.replaceSegment(REF, { ...segment, blob: hash }, segment.blob);
  const report = await cube.verify();
  expect(report.problems).toContainEqual({ code: "commit-missing", seq: segment.toSeq });
  const read: number[] = [];
  for await (const { seq } of cube.log()) read.push(seq);
  expect(read).not.toContain(segment.toSeq);
});

test("a lost segment is named, and what follows it is still looked at", async () => {
  const { storage, cube, segment } = await archived();
  await storage.blobs.delete("default", segment.blob);
  const report = await cube.verify();
  expect(report.problems[0]).toEqual({ code: "segment-damaged", seq: segment.fromSeq });
  expect(report.commits).toBe(report.position.seq - (segment.toSeq - segment.fromSeq + 1));
});

test("more commits than are ever left open, over a longer time, should have been sealed", async () => {
  const storage = memoryStorage();
  const { cube, clock } = await start(storage);
  for (let i = 0; i < LIMITS.sealCommits + 1; i++) await cube.add(`note ${i}`);
  clock.advance(LIMITS.sealOverdueMs + 1);
  await cube.add("last");
  storage.data.cubes.values().next().value?.seals.splice(0);
  const at = fixedClock(START);
  expect(codes(await cube.verify())).toEqual(["seal-overdue"]);
  await sealLog(storage, REF, { clock: at, sealer: "test" });
  expect((await cube.verify()).problems).toEqual([]);
});

test.each(["verify", "history", "log"] as const)(
  "an erasure that rewrites a segment meanwhile is no damage to %s",
  async (read) => {
    const storage = memoryStorage();
    const made = await start(storage, 5);
    const { ids } = await made.cube.add(["one", "two"]);
    const [gone, kept] = ids as [string, string];
    for (let i = 0; i < 10; i++) {
      await made.cube.update(gone, { text: `gone ${i}` });
      await made.cube.update(kept, { text: `kept ${i}` });
    }
    await made.os.close();
    const writer = await start(memoryStorage({ from: storage.data }), 5);
    let erased = false;
    const racing = changedStorage(writer.storage, "blobs", {
      get: async (tenantId, hash) => {
        if (!erased) {
          erased = true;
          await writer.cube.erase(gone);
        }
        return await writer.storage.blobs.get(tenantId, hash);
      },
    });
    const reader = testOS({ storage: racing, worker: false });
    const cube = await reader.os.as({ userId: "ada" }).cube("trips");
    if (read === "verify") expect((await cube.verify()).problems).toEqual([]);
    if (read === "history") expect(await cube.history(kept)).toHaveLength(11);
    if (read === "log") {
      const seqs = new Set<number>();
      for await (const { seq } of cube.log()) seqs.add(seq);
      expect(seqs.size).toBe((await cube.position()).seq);
    }
    expect(erased).toBe(true);
    expect(await cube.history(gone)).toEqual([]);
  },
);
