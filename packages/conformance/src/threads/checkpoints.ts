import { sha256Hex } from "@memcube/core";

import { allPages, assert, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { rulesOf } from "../rule.ts";
import {
  bytes,
  checkpoint,
  chunk,
  ids,
  listAll,
  mine,
  newest,
  put,
  THREAD,
} from "./thread-fixture.ts";

export const checkpointRules = rulesOf("threads", "checkpoints", {
  "a checkpoint is read as it was put": async ({ storage: { threads } }) => {
    const { hash, bytes: content } = chunk("state");
    const value = new Uint8Array(times(256, (index) => index));
    const full = checkpoint("2", {
      parentId: "1",
      value,
      metadata: {
        step: 2,
        source: "loop",
        deep: [{ é: null }],
      },
      chunks: [hash],
    });
    assert.equal(await threads.get(THREAD, newest), undefined);
    await threads.put(THREAD, { checkpoint: full, chunks: [{ hash, bytes: content }], now: START });
    assert.deepEqual(await threads.get(THREAD, newest), { checkpoint: full, writes: [] });
    assert.deepEqual((await threads.list(THREAD, listAll)).items, [full]);
    assert.equal(await threads.get(THREAD, { ...newest, id: "1" }), undefined);
    const read = await threads.get(THREAD, newest);
    assert.ok(read?.checkpoint.value instanceof Uint8Array);
  },

  "without an id the newest of the namespace is read": async ({ storage: { threads } }) => {
    for (const id of ["02", "10", "01"]) await put(threads, id);
    await put(threads, "99", { namespace: "child" });
    assert.equal((await threads.get(THREAD, newest))?.checkpoint.id, "10");
    assert.equal((await threads.get(THREAD, { ...newest, id: "01" }))?.checkpoint.id, "01");
    assert.equal(
      (await threads.get(THREAD, { ...newest, namespace: "child" }))?.checkpoint.id,
      "99",
    );
    assert.equal(await threads.get(THREAD, { ...newest, namespace: "none" }), undefined);
    assert.equal(await threads.get(THREAD, { ...newest, id: "99" }), undefined);
  },

  "the same id again replaces the checkpoint": async ({ storage: { threads } }) => {
    await put(threads, "1");
    const changed = checkpoint("1", { value: bytes("new"), metadata: { n: 2 } });
    await threads.put(THREAD, { checkpoint: changed, chunks: [], now: START });
    assert.deepEqual((await threads.get(THREAD, newest))?.checkpoint, changed);
    assert.deepEqual(await ids(threads), ["1"]);
  },

  "checkpoints are listed newest first, in pages": async ({ storage: { threads } }) => {
    const names = times(9, (index) => `0${index}`);
    for (const id of names)
      await put(threads, id, { namespace: Number(id) % 3 === 0 ? "child" : "" });
    assert.deepEqual(await ids(threads), names.toReversed());
    assert.deepEqual(await ids(threads, { namespace: "child" }), ["06", "03", "00"]);
    assert.deepEqual(await ids(threads, { before: "04" }), ["03", "02", "01", "00"]);
    assert.deepEqual(await ids(threads, { before: "06", namespace: "child" }), ["03", "00"]);
    const paged = await allPages(async (cursor) => {
      const page = await threads.list(THREAD, { limit: 2, now: START, cursor });
      assert.ok(page.items.length <= 2);
      if (cursor === undefined) await put(threads, "99");
      return page;
    });
    assert.deepEqual(
      paged.map(({ id }) => id),
      names.toReversed(),
    );
  },

  "one id in several namespaces is several checkpoints": async ({ storage: { threads } }) => {
    for (const namespace of ["", "a", "b", "a|b", "c"]) await put(threads, "1", { namespace });
    const paged = await allPages((cursor) =>
      threads.list(THREAD, { limit: 2, now: START, cursor }),
    );
    assert.deepEqual(paged.map(({ namespace }) => namespace).toSorted(), [
      "",
      "a",
      "a|b",
      "b",
      "c",
    ]);
    await threads.deleteCheckpoints(THREAD, [{ namespace: "a", id: "1" }]);
    assert.equal((await ids(threads)).length, 4);
    assert.deepEqual(await ids(threads, { namespace: "a" }), []);
  },

  "chunks are read in the order asked, a missing one is undefined": async ({
    storage: { threads },
  }) => {
    await put(threads, "1", { texts: ["one", "two", ""] });
    const hashes = [chunk("two").hash, chunk("never").hash, chunk("").hash, chunk("one").hash];
    const found = await threads.chunks(THREAD, hashes);
    assert.deepEqual(found, [bytes("two"), undefined, bytes(""), bytes("one")]);
    assert.deepEqual(await threads.chunks(THREAD, []), []);
    const nowhere = { ...THREAD, threadId: "none" };
    assert.deepEqual(await threads.chunks(nowhere, [chunk("one").hash]), [undefined]);
  },

  "a checkpoint needs its chunks, stored or given": async ({ storage: { threads } }) => {
    const [known, missing] = [chunk("known"), chunk("missing")];
    await put(threads, "1", { texts: ["known"] });
    const step = (hash: string) => ({
      checkpoint: checkpoint("2", { chunks: [known.hash, hash] }),
      chunks: [],
      now: START,
    });
    await rejects(threads.put(THREAD, step(missing.hash)), "MEMCUBE_INVALID_INPUT");
    assert.deepEqual(await ids(threads), ["1"], "nothing of it is kept");
    await threads.put(THREAD, step(known.hash));
    assert.deepEqual(await ids(threads), ["2", "1"]);
    const elsewhere = { ...THREAD, threadId: "thread-2" };
    await rejects(threads.put(elsewhere, step(known.hash)), "MEMCUBE_INVALID_INPUT");
    assert.equal((await threads.threads(mine)).items.length, 1, "no thread came of it");
  },

  "deleting checkpoints takes the chunks that no other needs": async ({ storage: { threads } }) => {
    await put(threads, "1", { texts: ["shared", "own"] });
    await put(threads, "2", { texts: ["shared", "second"] });
    await threads.putWrites(THREAD, {
      namespace: "",
      checkpointId: "1",
      now: START,
      writes: [
        {
          taskId: "t",
          index: 0,
          channel: "c",
          value: bytes("w"),
        },
      ],
    });
    await threads.deleteCheckpoints(THREAD, [
      { namespace: "", id: "1" },
      { namespace: "x", id: "2" },
    ]);
    assert.deepEqual(await ids(threads), ["2"]);
    const hashes = ["shared", "own", "second"].map((text) => chunk(text).hash);
    const found = await threads.chunks(THREAD, hashes);
    assert.deepEqual(
      found.map((one) => one !== undefined),
      [true, false, true],
    );
    await put(threads, "1");
    assert.deepEqual((await threads.get(THREAD, { ...newest, id: "1" }))?.writes, []);
  },

  "large values and chunks are kept": async ({ storage: { threads } }) => {
    const large = new Uint8Array(2_000_000).map((_, index) => (index * 31) % 251);
    const hash = sha256Hex(large);
    const big = checkpoint("1", { value: large, chunks: [hash] });
    await threads.put(THREAD, { checkpoint: big, chunks: [{ hash, bytes: large }], now: START });
    const [stored] = await threads.chunks(THREAD, [hash]);
    assert.equal(sha256Hex(stored ?? bytes("")), hash);
    const read = await threads.get(THREAD, newest);
    assert.equal(sha256Hex(read?.checkpoint.value ?? bytes("")), hash);
  },

  "puts at the same time are all kept": async ({ storage, another }) => {
    const all = [storage.threads, (await another()).threads];
    const names = times(12, (index) => String(index).padStart(2, "0"));
    await race(
      names.map(
        (id, index) => () => put(all[index % 2] ?? storage.threads, id, { texts: ["shared", id] }),
      ),
    );
    assert.deepEqual(await ids(storage.threads), names.toReversed());
    const hashes = ["shared", ...names].map((text) => chunk(text).hash);
    const found = await storage.threads.chunks(THREAD, hashes);
    assert.ok(found.every((one) => one !== undefined));
  },
});
