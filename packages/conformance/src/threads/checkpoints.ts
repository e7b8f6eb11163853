import { sha256Hex, type ThreadChunk } from "@memcube/core";

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
  parentChunk,
  put,
  THREAD,
  withChunks,
  write,
  writesStep,
} from "./thread-fixture.ts";

export const checkpointRules = rulesOf("threads", "checkpoints", {
  "a checkpoint is read as it was put": async ({ storage: { threads } }) => {
    const { hash, bytes: content } = chunk("state");
    const value = new Uint8Array(times(256, (index) => index));
    const full = checkpoint("2", {
      parentId: "1",
      value,
      chunks: [hash],
    });
    assert.equal(await threads.get(THREAD, newest), undefined);
    const chunks = [{ hash, bytes: content, needs: [] }];
    await threads.put(THREAD, { checkpoint: full, chunks, now: START });
    const stored = { checkpoint: full, writes: [] };
    const known = new Map([[hash, chunks[0]]]);
    assert.deepEqual(await threads.get(THREAD, newest), { ...stored, chunks: known });
    const without = await threads.get(THREAD, { ...newest, withoutChunks: true });
    assert.deepEqual(without, { ...stored, chunks: new Map() });
    const page = await threads.list(THREAD, listAll);
    assert.deepEqual([page.items, page.chunks], [[stored], known]);
    const bare = await threads.list(THREAD, { ...listAll, bare: true });
    assert.deepEqual([bare.items, bare.chunks.size], [[stored], 0]);
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
    const changed = checkpoint("1", { value: bytes("new"), parentId: "0" });
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
      paged.map(({ checkpoint: { id } }) => id),
      names.toReversed(),
    );
  },

  "one id in several namespaces is several checkpoints": async ({ storage: { threads } }) => {
    for (const namespace of ["", "a", "b", "a|b", "c"]) await put(threads, "1", { namespace });
    const paged = await allPages((cursor) =>
      threads.list(THREAD, { limit: 2, now: START, cursor }),
    );
    assert.deepEqual(
      paged.map(({ checkpoint: { namespace } }) => namespace),
      ["", "a", "a|b", "b", "c"],
    );
    await threads.deleteCheckpoints(THREAD, [{ namespace: "a", id: "1" }]);
    assert.equal((await ids(threads)).length, 4);
    assert.deepEqual(await ids(threads, { namespace: "a" }), []);
  },

  "a checkpoint comes with every chunk it needs, directly or not": async ({
    storage: { threads },
  }) => {
    const leaf = chunk("leaf");
    const empty = chunk("");
    const middle = parentChunk("middle", [leaf.hash, empty.hash]);
    const top = parentChunk("top", [middle.hash, leaf.hash]);
    const other = chunk("other");
    const step = { checkpoint: checkpoint("1", { chunks: [top.hash] }), now: START };
    await threads.put(THREAD, { ...step, chunks: [top, other, middle, empty, leaf] });
    const read = await threads.get(THREAD, newest);
    const needed = [top, middle, leaf, empty].map((one): [string, ThreadChunk] => [one.hash, one]);
    assert.deepEqual(read?.chunks, new Map(needed));
    await threads.put(THREAD, {
      checkpoint: checkpoint("2", { chunks: [middle.hash] }),
      chunks: [],
      now: START,
    });
    assert.deepEqual(await withChunks(threads, ["top", "middle", "leaf", ""]), [
      false,
      true,
      true,
      true,
    ]);
    const page = await threads.list(THREAD, listAll);
    assert.deepEqual(page.chunks, new Map(needed));
  },

  "a checkpoint is read with its ancestors, nearest first": async ({ storage: { threads } }) => {
    const step = (id: string, parentId?: string) => ({
      checkpoint: checkpoint(id, {
        chunks: [chunk(id).hash],
        ...(parentId === undefined ? {} : { parentId }),
      }),
      chunks: [chunk(id)],
      now: START,
    });
    await threads.put(THREAD, step("1"));
    await threads.put(THREAD, step("2", "1"));
    await threads.put(THREAD, step("3", "1"));
    await threads.put(THREAD, step("4", "3"));
    await threads.putWrites(THREAD, writesStep([write("t", 0, "x")]));
    const query = { namespace: "", limit: 10, now: START };
    const { items, chunks } = await threads.lineage(THREAD, { ...query, id: "4" });
    assert.deepEqual(
      items.map(({ checkpoint: { id }, writes }) => [id, writes.length]),
      [
        ["4", 0],
        ["3", 0],
        ["1", 1],
      ],
    );
    assert.equal(chunks.size, 3);
    const bare = await threads.lineage(THREAD, { ...query, id: "4", withoutChunks: true });
    assert.deepEqual([bare.items, bare.chunks.size], [items, 0]);
    const two = await threads.lineage(THREAD, { ...query, id: "4", limit: 2 });
    assert.deepEqual(
      two.items.map(({ checkpoint: { id } }) => id),
      ["4", "3"],
    );
    for (const none of [
      { ...query, id: "9" },
      { ...query, id: "4", namespace: "x" },
    ])
      assert.deepEqual((await threads.lineage(THREAD, none)).items, []);
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
    const dangling = parentChunk("dangling", [missing.hash]);
    const needing = { ...step(dangling.hash), chunks: [dangling] };
    await rejects(threads.put(THREAD, needing), "MEMCUBE_INVALID_INPUT");
    const writes = [{ ...write("t", 0, "x"), chunks: [missing.hash] }];
    await rejects(threads.putWrites(THREAD, writesStep(writes)), "MEMCUBE_INVALID_INPUT");
    assert.deepEqual((await threads.get(THREAD, { ...newest, id: "1" }))?.writes, []);
    assert.equal((await threads.threads(mine)).items.length, 1, "no thread came of it");
  },

  "deleting checkpoints takes the chunks that nothing else needs": async ({
    storage: { threads },
  }) => {
    const leaf = chunk("leaf");
    await threads.put(THREAD, {
      checkpoint: checkpoint("1", { chunks: [chunk("shared").hash, chunk("own").hash] }),
      chunks: [parentChunk("own", [leaf.hash]), leaf, chunk("shared")],
      now: START,
    });
    await put(threads, "2", { texts: ["shared", "second"] });
    await threads.putWrites(THREAD, writesStep([write("t", 0, "w")]));
    await threads.putWrites(THREAD, {
      ...writesStep([{ ...write("t", 0, "w"), chunks: [chunk("written").hash] }]),
      checkpointId: "2",
      chunks: [chunk("written")],
    });
    await threads.deleteCheckpoints(THREAD, [
      { namespace: "", id: "1" },
      { namespace: "x", id: "2" },
    ]);
    assert.deepEqual(await ids(threads), ["2"]);
    const texts = ["shared", "second", "written"];
    assert.deepEqual(await withChunks(threads, texts), [true, true, true]);
    for (const gone of ["own", "leaf"]) {
      const needing = checkpoint("3", { chunks: [chunk(gone).hash] });
      const step = { checkpoint: needing, chunks: [], now: START };
      await rejects(threads.put(THREAD, step), "MEMCUBE_INVALID_INPUT");
    }
    await put(threads, "1");
    assert.deepEqual((await threads.get(THREAD, { ...newest, id: "1" }))?.writes, []);
  },

  "what a replaced checkpoint alone needed is gone": async ({ storage: { threads } }) => {
    await put(threads, "1", { texts: ["old", "both"] });
    await put(threads, "1", { texts: ["both", "new"] });
    assert.deepEqual(await withChunks(threads, ["both", "new"]), [true, true]);
    const needing = checkpoint("2", { chunks: [chunk("old").hash] });
    const step = { checkpoint: needing, chunks: [], now: START };
    await rejects(threads.put(THREAD, step), "MEMCUBE_INVALID_INPUT");
  },

  "large values and chunks are kept": async ({ storage: { threads } }) => {
    const large = new Uint8Array(2_000_000).map((_, index) => (index * 31) % 251);
    const hash = sha256Hex(large);
    const big = checkpoint("1", { value: large, chunks: [hash] });
    const chunks = [{ hash, bytes: large, needs: [] }];
    await threads.put(THREAD, { checkpoint: big, chunks, now: START });
    const read = await threads.get(THREAD, newest);
    assert.equal(sha256Hex(read?.chunks.get(hash)?.bytes ?? bytes("")), hash);
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
    for (const id of names) {
      assert.deepEqual(await withChunks(storage.threads, ["shared", id], { id }), [true, true]);
    }
  },
});
