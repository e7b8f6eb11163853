import type { ThreadRef } from "@memcube/core";

import { allPages, assert, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { HOSTILE_NAMES } from "../kit/hostile-names.ts";
import { rulesOf } from "../rule.ts";
import {
  checkpoint,
  chunk,
  ids,
  mine,
  newest,
  put,
  THREAD,
  write,
  writesStep,
} from "./thread-fixture.ts";

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
    const step = writesStep([write("t", 0, "x")], { now: START + 2 });
    await threads.putWrites({ ...THREAD, threadId: "one" }, step);
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
      const foreign = checkpoint("x", { chunks: [chunk(`chunk ${(index + 1) % 4}`).hash] });
      const stealing = { checkpoint: foreign, chunks: [], now: START };
      await rejects(threads.put(thread, stealing), "MEMCUBE_INVALID_INPUT");
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
    await threads.putWrites(THREAD, writesStep([write("t", 0, "x")]));
    assert.deepEqual([await threads.delete(THREAD), await threads.delete(THREAD)], [true, false]);
    assert.equal(await threads.get(THREAD, newest), undefined);
    assert.deepEqual(await ids(threads), []);
    assert.deepEqual((await threads.threads(mine)).items, []);
    const needing = checkpoint("1", { chunks: [chunk("state").hash] });
    const step = { checkpoint: needing, chunks: [], now: START };
    await rejects(threads.put(THREAD, step), "MEMCUBE_INVALID_INPUT");
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
    await put(threads, "3", { now: START + 60, expiresAt: START + 300 });
    const writes = writesStep([write("t", 0, "x")], { now: START + 70 });
    await threads.putWrites(THREAD, { ...writes, expiresAt: START + 500 });
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
