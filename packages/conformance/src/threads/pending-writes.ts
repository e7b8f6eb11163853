import { assert } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { rulesOf } from "../rule.ts";
import {
  chunk,
  ids,
  newest,
  parentChunk,
  put,
  THREAD,
  withChunks,
  write,
  writesStep,
} from "./thread-fixture.ts";

export const pendingWriteRules = rulesOf("threads", "pending writes", {
  "writes are read with their checkpoint": async ({ storage: { threads } }) => {
    await put(threads, "1");
    await put(threads, "2");
    const writes = [
      { ...write("t", 0, "zero"), taskPath: "a/b" },
      { ...write("t", 1, "one"), taskPath: "a/b" },
      write("u", 0, "other"),
    ];
    await threads.putWrites(THREAD, writesStep(writes));
    const read = await threads.get(THREAD, { ...newest, id: "1" });
    assert.deepEqual(byPlace(read?.writes), byPlace(writes));
    assert.deepEqual((await threads.get(THREAD, { ...newest, id: "2" }))?.writes, []);
  },

  "of one task and index the first stays, below zero the last": async ({
    storage: { threads },
  }) => {
    await put(threads, "1");
    const first = [write("t", 0, "old"), write("t", -1, "error"), write("t", -3, "once")];
    await threads.putWrites(THREAD, writesStep(first));
    const second = [write("t", 0, "new"), write("t", 1, "more"), write("t", -1, "again")];
    await threads.putWrites(THREAD, writesStep(second));
    const read = await threads.get(THREAD, newest);
    const expected = [
      write("t", -3, "once"),
      write("t", -1, "again"),
      write("t", 0, "old"),
      write("t", 1, "more"),
    ];
    assert.deepEqual(byPlace(read?.writes), byPlace(expected));
  },

  "writes come with the chunks they need": async ({ storage: { threads } }) => {
    await put(threads, "1", { texts: ["state"] });
    const [leaf, state] = [chunk("leaf"), chunk("state")];
    const top = parentChunk("top", [leaf.hash]);
    const writes = [
      { ...write("t", 0, "x"), chunks: [top.hash] },
      { ...write("t", 1, "y"), chunks: [state.hash] },
    ];
    await threads.putWrites(THREAD, { ...writesStep(writes), chunks: [leaf, top] });
    assert.deepEqual(await withChunks(threads, ["top", "leaf", "state"]), [true, true, true]);
    assert.deepEqual(byPlace((await threads.get(THREAD, newest))?.writes), writes);
  },

  "writes may come before their checkpoint, and stay when it is replaced": async ({
    storage: { threads },
  }) => {
    const step = writesStep([write("t", 0, "early")], { namespace: "n" });
    await threads.putWrites(THREAD, step);
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
    const step = writesStep([write("t", 0, "x")], { namespace: "child" });
    await threads.putWrites(THREAD, step);
    assert.deepEqual((await threads.get(THREAD, newest))?.writes, []);
    assert.deepEqual((await threads.get(other, newest))?.writes, []);
  },
});

function byPlace<T extends { taskId: string; index: number }>(writes: readonly T[] = []): T[] {
  return writes.toSorted((a, b) =>
    a.taskId < b.taskId ? -1 : a.taskId > b.taskId ? 1 : a.index - b.index,
  );
}
