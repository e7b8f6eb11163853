import { LIMITS } from "@memcube/core";

import { assert, race, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { HOSTILE_NAMES } from "../kit/hostile-names.ts";
import { newCube, TENANT } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";
import { keysOf, lease, leaseOne, task } from "./queue-fixture.ts";

export const enqueueRules = rulesOf("queue", "enqueue", {
  "a task is leased with all it says": async ({ storage: { queue } }) => {
    const payload = { ids: ["a", "é\u{1f9ca}"], deep: [{ n: 1.5, none: null, yes: true }] };
    await queue.enqueue([task("t", { payload, priority: 3, maxAttempts: 2 })], START);
    const { id, token, ...rest } = await leaseOne(queue, { now: START + 5, leaseMs: 100 });
    assert.ok(id.length > 0 && Number.isSafeInteger(token));
    assert.deepEqual(rest, {
      key: "t",
      tenantId: "tenant-1",
      cubeId: "cube-1",
      type: "work",
      payload,
      priority: 3,
      attempt: 1,
      maxAttempts: 2,
      leaseUntil: START + 105,
    });
  },

  "a task that says no more has the defaults": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    const { priority, maxAttempts } = await leaseOne(queue);
    assert.deepEqual([priority, maxAttempts], [0, LIMITS.taskAttempts]);
  },

  "a key is queued once while its task is not finished": async ({ storage: { queue } }) => {
    const first = task("t", { payload: { version: 1 } });
    const second = task("t", { payload: { version: 2 } });
    await queue.enqueue([first, second], START);
    await queue.enqueue([second], START);
    assert.equal((await queue.stats()).waiting, 1);
    const leased = await leaseOne(queue);
    assert.deepEqual(leased.payload, { version: 1 });
    await queue.enqueue([second], START);
    assert.deepEqual(await lease(queue), [], "not while it is leased");
    await queue.fail(leased, { error: "no", now: START });
    await queue.enqueue([second], START);
    assert.deepEqual(await lease(queue), [], "not while it is dead");
    assert.equal((await queue.stats()).dead, 1);
  },

  "a key whose task is finished can be queued again": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    const first = await leaseOne(queue);
    await queue.complete(first);
    await queue.enqueue([task("t", { payload: { version: 2 } })], START);
    const second = await leaseOne(queue);
    assert.deepEqual([second.payload, second.attempt], [{ version: 2 }, 1]);
  },

  "keys belong to tenants": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t"), task("t", { tenantId: "tenant-2" })], START);
    const tenants = (await lease(queue, { limit: 5 })).map(({ tenantId }) => tenantId);
    assert.deepEqual(tenants.toSorted(), ["tenant-1", "tenant-2"]);
  },

  "keys, types and tenants are told apart whatever characters they have": async ({ storage }) => {
    const { queue } = storage;
    const tasks = HOSTILE_NAMES.map((name) =>
      task(name, { tenantId: name, type: name, cubeId: name }),
    );
    await queue.enqueue(tasks, START);
    for (const name of HOSTILE_NAMES) {
      assert.deepEqual(await queue.states(name, [name]), ["waiting"], name);
      const found = await lease(queue, { types: [name], limit: 10 });
      assert.deepEqual(
        found.map(({ key, tenantId }) => [key, tenantId]),
        [[name, name]],
      );
    }
  },

  "tasks of a commit are queued with it": async ({ storage }) => {
    const cube = await newCube(storage);
    const tasks = [task("one"), task("two", { notBefore: START + 100 })];
    await cube.commit({ writes: [cube.memory({ id: "a" })], tasks, at: START + 10 });
    assert.deepEqual(await storage.queue.states(TENANT, ["one", "two"]), ["waiting", "waiting"]);
    assert.deepEqual(await keysOf(lease(storage.queue, { limit: 5, now: START + 10 })), ["one"]);
    assert.deepEqual(await keysOf(lease(storage.queue, { limit: 5, now: START + 100 })), ["two"]);
  },

  "a commit leaves a queued task of the same key as it is": async ({ storage }) => {
    const cube = await newCube(storage);
    await storage.queue.enqueue([task("t", { payload: { version: 1 } })], START);
    const tasks = [task("t", { payload: { version: 2 } })];
    await cube.commit({ writes: [cube.memory({ id: "a" })], tasks });
    assert.deepEqual(
      (await lease(storage.queue, { limit: 5 })).map(({ payload }) => payload),
      [{ version: 1 }],
    );
  },

  "of commits that race for a version only the winner's tasks are queued": async ({
    storage,
    another,
  }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    const calls = times(10, (index) => async () => {
      const handle = handles[index % 2] ?? cube;
      const writes = [handle.memory({ id: "a", text: `by ${index}` })];
      await handle.commit({ writes, tasks: [task(`t${index}`)] });
      return `t${index}`;
    });
    const { won } = await race(calls, "MEMCUBE_CONFLICT");
    assert.deepEqual(await keysOf(lease(storage.queue, { limit: 20 })), won);
  },

  "of those who queue a key at the same time one does": async ({ storage, another }) => {
    const queues = [storage.queue, (await another()).queue];
    await race(
      times(10, (index) => () => {
        const queue = queues[index % 2] ?? storage.queue;
        return queue.enqueue([task("same"), task(`own-${index}`)], START);
      }),
    );
    assert.equal((await storage.queue.stats()).waiting, 11);
  },
});
