import {
  type Checkpoint,
  sha256Hex,
  type ThreadChunk,
  type ThreadRef,
  type Threads,
} from "@memcube/core";

import { allPages, assert, race, rejects, times } from "./kit/checks.ts";
import { START } from "./kit/content.ts";
import { HOSTILE_NAMES } from "./kit/hostile-names.ts";
import { rulesOf } from "./rule.ts";

const THREAD: ThreadRef = { tenantId: "tenant-1", owner: "user:ada", threadId: "thread-1" };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const chunk = (text: string): ThreadChunk => ({ hash: sha256Hex(bytes(text)), bytes: bytes(text) });

function checkpoint(id: string, more: Partial<Checkpoint> = {}): Checkpoint {
  return { namespace: "", id, value: bytes(`value of ${id}`), metadata: {}, chunks: [], ...more };
}

/** Puts a checkpoint with the chunks of these texts. */
function put(
  threads: Threads,
  id: string,
  more: {
    texts?: readonly string[];
    now?: number;
    expiresAt?: number;
    namespace?: string;
    thread?: ThreadRef;
  } = {},
): Promise<void> {
  const { texts = [], now = START, expiresAt, namespace = "", thread = THREAD } = more;
  const chunks = texts.map(chunk);
  const hashes = chunks.map(({ hash }) => hash);
  const step = { checkpoint: checkpoint(id, { namespace, chunks: hashes }), chunks, now };
  return threads.put(thread, expiresAt === undefined ? step : { ...step, expiresAt });
}

const newest = { namespace: "", now: START };
const listAll = { limit: 100, now: START };
const mine = { tenantId: "tenant-1", owner: "user:ada", limit: 100, now: START } as const;

async function ids(
  threads: Threads,
  query: Partial<Parameters<Threads["list"]>[1]> = {},
  thread = THREAD,
) {
  const page = await threads.list(thread, { ...listAll, ...query });
  return page.items.map(({ id }) => id);
}

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

const write = (taskId: string, index: number, text: string) => ({
  taskId,
  index,
  channel: `channel ${index}`,
  value: bytes(text),
});

export const pendingWriteRules = rulesOf("threads", "pending writes", {
  "writes are read with their checkpoint": async ({ storage: { threads } }) => {
    await put(threads, "1");
    await put(threads, "2");
    const writes = [
      { ...write("t", 0, "zero"), taskPath: "a/b" },
      write("t", 1, "one"),
      write("u", 0, "other"),
    ];
    await threads.putWrites(THREAD, { namespace: "", checkpointId: "1", writes, now: START });
    const read = await threads.get(THREAD, { ...newest, id: "1" });
    assert.deepEqual(byPlace(read?.writes), byPlace(writes));
    assert.deepEqual((await threads.get(THREAD, { ...newest, id: "2" }))?.writes, []);
  },

  "the same task and index replaces the earlier write": async ({ storage: { threads } }) => {
    await put(threads, "1");
    const step = { namespace: "", checkpointId: "1", now: START };
    await threads.putWrites(THREAD, {
      ...step,
      writes: [write("t", 0, "old"), write("t", -1, "error")],
    });
    await threads.putWrites(THREAD, {
      ...step,
      writes: [write("t", 0, "new"), write("t", 1, "more")],
    });
    const read = await threads.get(THREAD, newest);
    const expected = [write("t", -1, "error"), write("t", 0, "new"), write("t", 1, "more")];
    assert.deepEqual(byPlace(read?.writes), byPlace(expected));
  },

  "writes may come before their checkpoint, and stay when it is replaced": async ({
    storage: { threads },
  }) => {
    const step = { namespace: "n", checkpointId: "1", now: START };
    await threads.putWrites(THREAD, { ...step, writes: [write("t", 0, "early")] });
    assert.equal(await threads.get(THREAD, { namespace: "n", id: "1", now: START }), undefined);
    assert.deepEqual(await ids(threads), []);
    await put(threads, "1", { namespace: "n" });
    await put(threads, "1", { namespace: "n" });
    const read = await threads.get(THREAD, { namespace: "n", now: START });
    assert.deepEqual(read?.writes, [write("t", 0, "early")]);
  },

  "writes belong to a namespace and a thread": async ({ storage: { threads } }) => {
    const other = { ...THREAD, threadId: "thread-2" };
    for (const namespace of ["", "child"]) await put(threads, "1", { namespace });
    await put(threads, "1", { thread: other });
    const step = { namespace: "child", checkpointId: "1", now: START };
    await threads.putWrites(THREAD, { ...step, writes: [write("t", 0, "x")] });
    assert.deepEqual((await threads.get(THREAD, newest))?.writes, []);
    assert.deepEqual((await threads.get(other, newest))?.writes, []);
  },
});

function byPlace<T extends { taskId: string; index: number }>(writes: readonly T[] = []): T[] {
  return writes.toSorted((a, b) =>
    a.taskId < b.taskId ? -1 : a.taskId > b.taskId ? 1 : a.index - b.index,
  );
}

export const threadRules = rulesOf("threads", "threads", {
  "threads are listed last used first, in pages": async ({ storage: { threads } }) => {
    for (const index of times(6, (at) => at)) {
      await put(threads, "1", { now: START + index, thread: { ...THREAD, threadId: `t${index}` } });
    }
    await put(threads, "2", { now: START + 10, thread: { ...THREAD, threadId: "t2" } });
    const now = START + 20;
    const { items } = await threads.threads({ ...mine, now });
    assert.deepEqual(
      items.map(({ threadId }) => threadId),
      ["t2", "t5", "t4", "t3", "t1", "t0"],
    );
    const expected = {
      owner: "user:ada",
      createdAt: START + 2,
      updatedAt: START + 10,
      checkpoints: 2,
    };
    assert.deepEqual(items[0], { threadId: "t2", ...expected });
    const paged = await allPages((cursor) => threads.threads({ ...mine, now, limit: 2, cursor }));
    assert.deepEqual(paged, items);
  },

  "threads last used at the same time are each listed once": async ({ storage: { threads } }) => {
    const names = times(7, (index) => `t${index}`);
    for (const threadId of names) await put(threads, "1", { thread: { ...THREAD, threadId } });
    const paged = await allPages((cursor) => threads.threads({ ...mine, limit: 3, cursor }));
    assert.deepEqual(paged.map(({ threadId }) => threadId).toSorted(), names);
  },

  "a pending write is a use": async ({ storage: { threads } }) => {
    await put(threads, "1", { thread: { ...THREAD, threadId: "one" } });
    await put(threads, "1", { thread: { ...THREAD, threadId: "two" }, now: START + 1 });
    const step = { namespace: "", checkpointId: "1", writes: [write("t", 0, "x")] };
    await threads.putWrites({ ...THREAD, threadId: "one" }, { ...step, now: START + 2 });
    const { items } = await threads.threads({ ...mine, now: START + 3 });
    assert.deepEqual(
      items.map(({ threadId, updatedAt }) => [threadId, updatedAt - START]),
      [
        ["one", 2],
        ["two", 1],
      ],
    );
  },

  "threads belong to tenant and owner": async ({ storage: { threads } }) => {
    const refs: ThreadRef[] = [
      THREAD,
      { ...THREAD, tenantId: "tenant-2" },
      { ...THREAD, owner: "user:bob" },
      { ...THREAD, owner: "agent:ada" },
    ];
    for (const [index, thread] of refs.entries()) {
      await put(threads, `${index}`, { thread, texts: [`chunk ${index}`] });
    }
    for (const [index, thread] of refs.entries()) {
      assert.deepEqual(await ids(threads, {}, thread), [`${index}`]);
      assert.equal((await threads.get(thread, newest))?.checkpoint.id, `${index}`);
      const others = await threads.chunks(
        thread,
        refs.map((_, at) => chunk(`chunk ${at}`).hash),
      );
      assert.deepEqual(
        others.map((one) => one !== undefined),
        refs.map((_, at) => at === index),
      );
      const { items } = await threads.threads({
        ...mine,
        tenantId: thread.tenantId,
        owner: thread.owner,
      });
      assert.deepEqual(
        items.map(({ owner }) => owner),
        [thread.owner],
      );
    }
    assert.equal(await threads.delete(THREAD), true);
    for (const thread of refs.slice(1)) assert.equal((await ids(threads, {}, thread)).length, 1);
  },

  "threads are told apart whatever characters they have": async ({ storage: { threads } }) => {
    for (const name of HOSTILE_NAMES) {
      await put(threads, name, { thread: { ...THREAD, threadId: name }, namespace: name });
    }
    for (const name of HOSTILE_NAMES) {
      const thread = { ...THREAD, threadId: name };
      assert.equal(
        (await threads.get(thread, { namespace: name, now: START }))?.checkpoint.id,
        name,
      );
      assert.deepEqual(await ids(threads, { namespace: name }, thread), [name]);
    }
  },

  "a deleted thread is gone with all it held": async ({ storage: { threads } }) => {
    await put(threads, "1", { texts: ["state"] });
    const step = { namespace: "", checkpointId: "1", writes: [write("t", 0, "x")], now: START };
    await threads.putWrites(THREAD, step);
    assert.deepEqual([await threads.delete(THREAD), await threads.delete(THREAD)], [true, false]);
    assert.equal(await threads.get(THREAD, newest), undefined);
    assert.deepEqual(await ids(threads), []);
    assert.deepEqual((await threads.threads(mine)).items, []);
    assert.deepEqual(await threads.chunks(THREAD, [chunk("state").hash]), [undefined]);
    await put(threads, "1");
    assert.deepEqual((await threads.get(THREAD, newest))?.writes, []);
    await threads.deleteCheckpoints({ ...THREAD, threadId: "never" }, [{ namespace: "", id: "1" }]);
  },
});

export const threadExpiryRules = rulesOf("threads", "expiry", {
  "an expired thread is not there, and swept": async ({ storage: { threads } }) => {
    const other = { ...THREAD, threadId: "thread-2" };
    const foreign = { ...THREAD, tenantId: "tenant-2" };
    for (const thread of [THREAD, foreign])
      await put(threads, "1", { thread, expiresAt: START + 100 });
    await put(threads, "1", { thread: other });
    assert.equal(
      (await threads.threads({ ...mine, now: START + 99 })).items[0]?.expiresAt ?? START + 100,
      START + 100,
    );
    const now = START + 100;
    assert.equal((await threads.get(THREAD, { ...newest, now: now - 1 }))?.checkpoint.id, "1");
    assert.equal(await threads.get(THREAD, { ...newest, now }), undefined);
    assert.deepEqual(await ids(threads, { now }), []);
    const listed = (await threads.threads({ ...mine, now })).items;
    assert.deepEqual(
      listed.map(({ threadId }) => threadId),
      ["thread-2"],
    );
    assert.equal(await threads.sweep(now - 1), 0);
    assert.equal(await threads.sweep(now), 2);
    assert.equal(await threads.sweep(now), 0);
    assert.equal(await threads.get(THREAD, newest), undefined, "it is removed");
    assert.equal((await threads.get(other, newest))?.checkpoint.id, "1");
  },

  "an expiry stays until another is set": async ({ storage: { threads } }) => {
    await put(threads, "1", { expiresAt: START + 100 });
    await put(threads, "2", { now: START + 50 });
    assert.equal(await threads.get(THREAD, { ...newest, now: START + 100 }), undefined);
    await put(threads, "3", { now: START + 60, expiresAt: START + 500 });
    assert.deepEqual(await ids(threads, { now: START + 499 }), ["3", "2", "1"]);
    assert.deepEqual(await ids(threads, { now: START + 500 }), []);
  },

  "a put into an expired thread begins it anew": async ({ storage: { threads } }) => {
    await put(threads, "1", { expiresAt: START + 100 });
    await put(threads, "2", { now: START + 200 });
    assert.deepEqual(await ids(threads, { now: START + 300 }), ["2"]);
    assert.equal(await threads.sweep(START + 300), 0);
  },
});
