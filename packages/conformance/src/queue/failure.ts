import { allPages, assert, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { rulesOf } from "../rule.ts";
import { lease, leaseOne, task } from "./queue-fixture.ts";

export const failureRules = rulesOf("queue", "failure", {
  "a failed task runs again at the time given": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    const first = await leaseOne(queue);
    await queue.fail(first, { error: "later", now: START, retryAt: START + 500 });
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["waiting"]);
    assert.deepEqual(await lease(queue, { now: START + 499 }), []);
    assert.equal(await queue.nextDue(["work"]), START + 500);
    const second = await leaseOne(queue, { now: START + 500 });
    assert.equal(second.attempt, 2);
    assert.ok(second.token > first.token);
  },

  "a task is dead when it failed for good": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t", { payload: { n: 1 } })], START);
    await queue.fail(await leaseOne(queue), { error: "bad é input", now: START + 7 });
    assert.deepEqual(await lease(queue, { now: START + 100_000 }), []);
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["dead"]);
    assert.equal(await queue.nextDue(["work"]), undefined);
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    assert.deepEqual(items, [
      {
        id: items[0]?.id,
        key: "t",
        tenantId: "tenant-1",
        cubeId: "cube-1",
        type: "work",
        payload: { n: 1 },
        attempts: 1,
        error: "bad é input",
        at: START + 7,
      },
    ]);
  },

  "a task is dead after its last attempt, whatever it is given": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t", { maxAttempts: 2 })], START);
    const retry = { error: "again", now: START, retryAt: START };
    await queue.fail(await leaseOne(queue), retry);
    await queue.fail(await leaseOne(queue), { ...retry, error: "last" });
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["dead"]);
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    assert.deepEqual(
      items.map(({ attempts, error }) => [attempts, error]),
      [[2, "last"]],
    );
  },

  "a task whose last lease lapsed is dead": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t", { maxAttempts: 2 }), task("u")], START);
    assert.equal((await lease(queue, { limit: 2 })).length, 2);
    const again = await lease(queue, { limit: 5, now: START + 1_000 });
    assert.deepEqual(again.map(({ key }) => key).toSorted(), ["t", "u"]);
    const last = again.find(({ key }) => key === "t");
    const third = await lease(queue, { limit: 5, now: START + 2_000 });
    assert.deepEqual(
      third.map(({ key }) => key),
      ["u"],
    );
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["dead"]);
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    assert.deepEqual(
      items.map(({ attempts, at }) => [attempts, at]),
      [[2, START + 2_000]],
    );
    assert.ok(items[0] !== undefined && items[0].error.length > 0);
    assert.ok(last !== undefined);
    await rejects(queue.complete(last), "MEMCUBE_LEASE_LOST");
  },

  "dead letters run again with their attempts counted anew": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t", { maxAttempts: 1 }), task("u", { maxAttempts: 1 })], START);
    const [one, two] = await lease(queue, { limit: 2 });
    assert.ok(one !== undefined && two !== undefined);
    for (const leased of [one, two]) await queue.fail(leased, { error: "no", now: START });
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    const dead = items.find(({ key }) => key === "t");
    assert.ok(dead !== undefined);
    assert.equal(await queue.redrive("tenant-1", [dead.id, "nothing"], START + 50), 1);
    assert.equal(await queue.redrive("tenant-1", [dead.id], START + 50), 0);
    const again = await leaseOne(queue, { now: START + 50 });
    assert.deepEqual([again.key, again.attempt], ["t", 1]);
    assert.ok(again.token > one.token, "a worker of before is still refused");
    await rejects(queue.complete(one), "MEMCUBE_LEASE_LOST");
    await queue.complete(again);
    assert.deepEqual(await queue.states("tenant-1", ["t", "u"]), ["finished", "dead"]);
  },

  "discarded dead letters are gone": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t"), task("u")], START);
    for (const leased of await lease(queue, { limit: 2 })) {
      await queue.fail(leased, { error: "no", now: START });
    }
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    const [first] = items;
    assert.ok(first !== undefined);
    assert.equal(await queue.discard("tenant-1", [first.id, "nothing"]), 1);
    assert.equal(await queue.discard("tenant-1", [first.id]), 0);
    assert.deepEqual(await queue.states("tenant-1", [first.key]), ["finished"]);
    assert.equal((await queue.deadLetters({ tenantId: "tenant-1", limit: 10 })).items.length, 1);
    await queue.enqueue([task(first.key)], START);
    assert.equal((await leaseOne(queue)).key, first.key);
  },

  "only dead tasks are redriven or discarded": async ({ storage: { queue } }) => {
    await queue.enqueue([task("waiting"), task("leased", { priority: 1 })], START);
    const leased = await leaseOne(queue);
    assert.equal(await queue.discard("tenant-1", [leased.id]), 0);
    assert.equal(await queue.redrive("tenant-1", [leased.id], START), 0);
    await queue.complete(leased);
    assert.equal((await leaseOne(queue)).key, "waiting");
  },

  "dead letters belong to tenants": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t"), task("t", { tenantId: "tenant-2" })], START);
    for (const leased of await lease(queue, { limit: 2 })) {
      await queue.fail(leased, { error: "no", now: START });
    }
    const { items } = await queue.deadLetters({ tenantId: "tenant-1", limit: 10 });
    assert.deepEqual(
      items.map(({ tenantId }) => tenantId),
      ["tenant-1"],
    );
    const ids = items.map(({ id }) => id);
    assert.equal(await queue.discard("tenant-2", ids), 0);
    assert.equal(await queue.redrive("tenant-2", ids, START), 0);
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["dead"]);
    assert.deepEqual(await queue.states("tenant-3", ["t"]), ["finished"]);
  },

  "dead letters come in pages": async ({ storage: { queue } }) => {
    await queue.enqueue(
      times(9, (index) => task(`t${index}`)),
      START,
    );
    for (const leased of await lease(queue, { limit: 9 })) {
      await queue.fail(leased, { error: "no", now: START });
    }
    const found = await allPages(async (cursor) => {
      const page = await queue.deadLetters({ tenantId: "tenant-1", limit: 4, cursor });
      assert.ok(page.items.length <= 4);
      await queue.discard(
        "tenant-1",
        page.items.slice(-1).map(({ id }) => id),
      );
      return page;
    });
    assert.deepEqual(
      found.map(({ key }) => key).toSorted(),
      times(9, (index) => `t${index}`),
    );
  },

  "states come in the order of the keys": async ({ storage: { queue } }) => {
    await queue.enqueue(
      [task("leased", { priority: 1 }), task("waiting"), task("dead", { priority: 2 })],
      START,
    );
    await queue.fail(await leaseOne(queue), { error: "no", now: START });
    await leaseOne(queue);
    const keys = ["never", "waiting", "dead", "leased"];
    assert.deepEqual(await queue.states("tenant-1", keys), [
      "finished",
      "waiting",
      "dead",
      "leased",
    ]);
    assert.deepEqual(await queue.states("tenant-1", []), []);
  },

  "of a worker that finishes and one that takes over one wins": async ({ storage, another }) => {
    const other = (await another()).queue;
    for (const round of times(5, (index) => index)) {
      await storage.queue.enqueue([task(`t${round}`)], START);
      const first = await leaseOne(storage.queue);
      const outcomes = await race(
        [
          async () => {
            await storage.queue.complete(first);
            return "finished";
          },
          async () =>
            (await lease(other, { now: START + 1_000 })).length > 0 ? "taken" : "nothing",
        ],
        "MEMCUBE_LEASE_LOST",
      );
      const finished = outcomes.won.includes("finished");
      assert.equal(outcomes.won.includes("nothing"), finished);
      const [state] = await storage.queue.states("tenant-1", [`t${round}`]);
      assert.equal(state, finished ? "finished" : "leased");
    }
  },
});
