import { assert } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { rulesOf } from "../rule.ts";
import { ids, newest, put, THREAD, write } from "./thread-fixture.ts";

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
