import { generateKeyPairSync, sign, verify as verifySignature } from "node:crypto";

import { afterEach, describe, expect, test } from "vitest";

import { LIMITS } from "../../limits.ts";
import type { Signer, Storage } from "../../ports/index.ts";
import { fixedClock, memoryStorage } from "../../testing/index.ts";
import type { MemOS } from "./index.ts";
import { START, testOS } from "../../testing/test-os.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

const REF = { tenantId: "default", cubeId: "trips" };

async function written(options: { storage?: Storage; signer?: Signer; hotCommits?: number } = {}) {
  const { os, storage, clock } = testOS(options);
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("trips");
  const { ids } = await cube.add({ type: "fact", text: "version one" });
  const id = ids[0] as string;
  for (const word of ["two", "three", "four"]) {
    await cube.update(id, { text: `version ${word}` });
    clock.advance(10);
  }
  return { os, cube, storage, clock, id };
}

/** A storage whose vault answers differently: what somebody with access to the database could do. */
function tampered(storage: Storage, change: Partial<Storage["vault"]>): Storage {
  const vault = new Proxy(storage.vault, {
    get: (target, name) => Reflect.get(change, name) ?? Reflect.get(target, name),
  });
  return { ...storage, vault };
}

function ed25519(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    keyId: "test-key",
    sign: async (data) => await Promise.resolve(sign(null, data, privateKey)),
    verify: async (data, signature) =>
      await Promise.resolve(verifySignature(null, data, publicKey, signature)),
  };
}

describe("verify", () => {
  test("a log that nobody touched verifies and names its unsealed tail", async () => {
    const { cube } = await written();
    const report = await cube.verify();
    expect(report).toMatchObject({ ok: true, problems: [], commits: 5, versions: 5 });
    expect(report.unsealed).toEqual({ from: 1, to: 5 });
  });

  test("closing seals; a second process goes on sealing after it", async () => {
    const storage = memoryStorage();
    const first = await written({ storage });
    await first.os.close();
    // A second later: well within the lease that the first held.
    const clock = fixedClock(START + 1_000);
    const { os } = testOS({ storage: memoryStorage({ from: storage.data }), clock });
    opened.push(os);
    const cube = await os.as({ userId: "ada" }).cube("trips");
    expect(await cube.verify()).toMatchObject({ ok: true, sealedTo: 5 });
    await cube.add("more");
    expect(await cube.verify()).toMatchObject({
      ok: true,
      sealedTo: 5,
      unsealed: { from: 6, to: 6 },
    });
    await os.close();
    const third = testOS({ storage: memoryStorage({ from: storage.data }) });
    opened.push(third.os);
    const again = await third.os.as({ userId: "ada" }).cube("trips");
    expect(await again.verify()).toMatchObject({ ok: true, sealedTo: 6 });
  });

  test("every altered, missing or reordered commit is found", async () => {
    const { storage } = await written();
    const { vault } = storage;
    const cases: Record<string, Partial<Storage["vault"]>> = {
      "commit-altered": {
        log: async (ref, query) =>
          (await vault.log(ref, query)).map((entry) =>
            entry.seq === 3 ? { ...entry, body: entry.body.replace("ada", "eve") } : entry,
          ),
      },
      "commit-missing": {
        log: async (ref, query) => (await vault.log(ref, query)).filter((entry) => entry.seq !== 3),
      },
      "link-broken": {
        log: async (ref, query) => {
          const entries = [...(await vault.log(ref, query))];
          return entries.map((entry) => {
            const other = entries.find((each) => each.seq === 7 - entry.seq) ?? entry;
            return { ...entry, body: other.body, digest: other.digest };
          });
        },
      },
      "version-altered": {
        versions: vault.versions.bind(vault),
        list: async (ref, query) => {
          const page = await vault.list(ref, query);
          return {
            ...page,
            items: page.items.map((item) => ({
              ...item,
              content: item.content.replace("four", "five"),
            })),
          };
        },
      },
      "version-missing": {
        endedVersions: async (ref, query) => {
          const page = await vault.endedVersions(ref, query);
          return { ...page, items: page.items.slice(1) };
        },
      },
      "head-mismatch": {
        cube: async (ref) => {
          const cube = await vault.cube(ref);
          return cube && { ...cube, position: { ...cube.position, head: "f".repeat(64) } };
        },
      },
    };
    for (const [code, change] of Object.entries(cases)) {
      const { os } = testOS({ storage: tampered(storage, change) });
      const cube = await os.as({ userId: "ada" }).cube("trips");
      const report = await cube.verify();
      expect(report.ok, code).toBe(false);
      expect(report.problems.map((problem) => problem.code)).toContain(code);
    }
  });

  test("a position kept elsewhere must still be part of the log", async () => {
    const { cube } = await written();
    const position = await cube.position();
    await cube.add("after");
    expect((await cube.verify({ expect: position })).ok).toBe(true);
    const other = { ...position, head: "0".repeat(64) };
    expect((await cube.verify({ expect: other })).problems).toEqual([
      { code: "position-not-in-log" },
    ]);
  });

  test("signed seals are checked with the key; a rewritten history has none", async () => {
    const signer = ed25519();
    const storage = memoryStorage();
    const { os } = await written({ storage, signer });
    await os.close();
    const check = async (by: Signer) => {
      const second = testOS({ storage: memoryStorage({ from: storage.snapshot() }), signer: by });
      opened.push(second.os);
      return await (await second.os.as({ userId: "ada" }).cube("trips")).verify();
    };
    expect(await check(signer)).toMatchObject({ ok: true, sealedTo: 5 });
    expect((await check(ed25519())).problems.map(({ code }) => code)).toEqual([
      "signature-invalid",
    ]);
    expect((await check({ ...signer, keyId: "other" })).problems[0]?.code).toBe("seal-unsigned");
  });

  test(`a seal comes after ${LIMITS.sealCommits} commits without waiting`, async () => {
    const { cube, storage } = await written();
    for (let i = 0; i < LIMITS.sealCommits; i++) await cube.add(`note ${i}`);
    await expect
      .poll(async () => (await storage.vault.seals(REF, { afterSeq: 0, limit: 10 })).length)
      .toBeGreaterThan(0);
    expect((await cube.verify()).ok).toBe(true);
  });
});

describe("history in the blob store", () => {
  test("old commits and versions leave hot storage and stay readable", async () => {
    const { cube, storage, os, id } = await written({ hotCommits: 5 });
    const early = await cube.position();
    for (let i = 0; i < 20; i++) await cube.update(id, { text: `later ${i}` });
    const before = await cube.history(id);
    await os.close();
    const again = testOS({
      storage: memoryStorage({ from: (storage as never as { data: never }).data }),
      hotCommits: 5,
    });
    opened.push(again.os);
    const reopened = await again.os.as({ userId: "ada" }).cube("trips");
    const stats = await reopened.stats();
    expect(stats.segments).toBeGreaterThan(0);
    expect(stats.commits).toBeLessThanOrEqual(10);
    expect(await reopened.history(id)).toEqual(before);
    expect((await reopened.verify()).problems).toEqual([]);
    const then = await reopened.at(early);
    expect((await then.get(id))?.payload).toMatchObject({ text: "version four" });
    expect((await reopened.rollback(id, 2)).payload).toMatchObject({ text: "version two" });
    const ops: number[] = [];
    for await (const change of reopened.log()) ops.push(change.seq);
    expect(ops).toEqual(Array.from({ length: ops.length }, (_, i) => i + 1));
  });

  test("erasing reaches into segments", async () => {
    const storage = memoryStorage();
    const { cube, os, id } = await written({ hotCommits: 5, storage });
    for (let i = 0; i < 20; i++) await cube.update(id, { text: `zanzibar ${i}` });
    await os.close();
    const again = testOS({ storage: memoryStorage({ from: storage.data }), hotCommits: 5 });
    opened.push(again.os);
    const reopened = await again.os.as({ userId: "ada" }).cube("trips");
    const before = await again.storage.vault.segments(REF);
    expect(before.length).toBeGreaterThan(0);
    await reopened.erase(id);
    const after = await again.storage.vault.segments(REF);
    expect(after.map((segment) => segment.toSeq)).toEqual(before.map((segment) => segment.toSeq));
    for (const segment of before) {
      expect(await again.storage.blobs.has("default", segment.blob)).toBe(false);
    }
    expect(await reopened.history(id)).toEqual([]);
    expect((await reopened.verify()).problems).toEqual([]);
  });
});
