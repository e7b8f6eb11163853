import { assert, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { rulesOf } from "../rule.ts";
import { keysOf, lease, leaseOne, task } from "./queue-fixture.ts";

export const leaseRules = rulesOf("queue", "lease", {
  "higher priority comes first, then the older task": async ({ storage: { queue } }) => {
    await queue.enqueue([task("a"), task("b", { priority: 5 })], START);
    await queue.enqueue([task("c", { priority: -1 }), task("d", { priority: 5 })], START + 1);
    await queue.enqueue([task("e")], START + 2);
    assert.deepEqual(await keysOf(lease(queue, { limit: 10, now: START + 5 })), [
      "b",
      "d",
      "a",
      "e",
      "c",
    ]);
  },

  "only tasks of the types asked for are leased, no more than the limit": async ({
    storage: { queue },
  }) => {
    await queue.enqueue(
      times(5, (index) => task(`w${index}`)),
      START,
    );
    await queue.enqueue([task("x", { type: "other", priority: 9 })], START);
    assert.deepEqual(await keysOf(lease(queue, { limit: 2 })), ["w0", "w1"]);
    assert.deepEqual(await keysOf(lease(queue, { types: ["other", "none"], limit: 9 })), ["x"]);
    assert.equal((await lease(queue, { types: ["work", "other"], limit: 9 })).length, 3);
    assert.deepEqual(await lease(queue, { types: ["none"], limit: 9 }), []);
  },

  "tenants take turns within one lease": async ({ storage: { queue } }) => {
    const many = times(8, (index) => task(`a${index}`, { tenantId: "many" }));
    const few = times(3, (index) => task(`b${index}`, { tenantId: "few" }));
    await queue.enqueue([...many, ...few], START);
    const leased = await lease(queue, { limit: 6 });
    assert.equal(leased.filter(({ tenantId }) => tenantId === "few").length, 3);
    const rest = await lease(queue, { limit: 20 });
    assert.deepEqual(
      rest.map(({ key }) => key),
      ["a3", "a4", "a5", "a6", "a7"],
    );
  },

  "tenants take turns from lease to lease, finished or not": async ({ storage: { queue } }) => {
    await queue.enqueue(
      times(6, (index) => task(`a${index}`, { tenantId: "many" })),
      START,
    );
    await queue.enqueue(
      times(3, (index) => task(`b${index}`, { tenantId: "few" })),
      START,
    );
    const tenants: string[] = [];
    for (const round of times(6, (index) => index)) {
      const leased = await leaseOne(queue);
      tenants.push(leased.tenantId);
      if (round % 2 === 0) await queue.complete(leased);
    }
    assert.equal(tenants.filter((tenant) => tenant === "few").length, 3, tenants.join());
  },

  "priority goes before turns": async ({ storage: { queue } }) => {
    await queue.enqueue(
      times(3, (index) => task(`a${index}`, { tenantId: "one", priority: 1 })),
      START,
    );
    await queue.enqueue([task("b", { tenantId: "two" })], START);
    assert.deepEqual(await keysOf(lease(queue, { limit: 4 })), ["a0", "a1", "a2", "b"]);
  },

  "a task does not run before its time": async ({ storage: { queue } }) => {
    await queue.enqueue([task("later", { notBefore: START + 100 }), task("now")], START);
    assert.deepEqual(await keysOf(lease(queue, { limit: 5 })), ["now"]);
    assert.deepEqual(await keysOf(lease(queue, { limit: 5, now: START + 99 })), []);
    assert.deepEqual(await keysOf(lease(queue, { limit: 5, now: START + 100 })), ["later"]);
  },

  "a leased task is nobody else's until the lease lapses": async ({ storage, another }) => {
    const { queue } = storage;
    const other = (await another()).queue;
    await queue.enqueue([task("t")], START);
    const first = await leaseOne(queue);
    assert.deepEqual(await lease(other, { now: START + 999 }), []);
    const second = await leaseOne(other, { now: START + 1_000, worker: "worker-2" });
    assert.deepEqual([second.key, second.attempt], ["t", 2]);
    assert.ok(second.token > first.token, "tokens rise");
    const late = { error: "late", now: START + 1_001 };
    await rejects(queue.complete(first), "MEMCUBE_LEASE_LOST");
    await rejects(queue.extend(first, late.now, 1_000), "MEMCUBE_LEASE_LOST");
    await rejects(queue.fail(first, late), "MEMCUBE_LEASE_LOST");
    await other.complete(second);
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["finished"]);
  },

  "a lease that lapsed but was not replaced can still finish": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    await queue.complete(await leaseOne(queue));
    assert.deepEqual(await lease(queue, { now: START + 10_000 }), []);
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["finished"]);
  },

  "an extended lease is kept for longer": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    const leased = await leaseOne(queue);
    await queue.extend(leased, START + 900, 1_000);
    assert.deepEqual(await lease(queue, { now: START + 1_899 }), []);
    await queue.extend(leased, START + 1_800, 5_000);
    assert.deepEqual(await lease(queue, { now: START + 6_799 }), []);
    assert.equal((await leaseOne(queue, { now: START + 6_800 })).key, "t");
  },

  "a token of another task, or none, holds nothing": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t"), task("u")], START);
    const [one, two] = await lease(queue, { limit: 2 });
    assert.ok(one !== undefined && two !== undefined);
    for (const token of [one.token - 1, one.token + 1, 0, -1]) {
      await rejects(queue.complete({ id: one.id, token }), "MEMCUBE_LEASE_LOST");
    }
    await rejects(queue.complete({ id: "nothing", token: one.token }), "MEMCUBE_LEASE_LOST");
    assert.deepEqual(await queue.states("tenant-1", ["t", "u"]), ["leased", "leased"]);
  },

  "a waiting task is finished by nobody": async ({ storage: { queue } }) => {
    await queue.enqueue([task("t")], START);
    const leased = await leaseOne(queue);
    await queue.fail(leased, { error: "again", now: START, retryAt: START + 10 });
    await rejects(queue.complete(leased), "MEMCUBE_LEASE_LOST");
    await rejects(queue.extend(leased, START, 1_000), "MEMCUBE_LEASE_LOST");
    assert.deepEqual(await queue.states("tenant-1", ["t"]), ["waiting"]);
  },

  "workers at the same time never hold the same task": async ({ storage, another }) => {
    const queues = [storage.queue, (await another()).queue];
    const count = 60;
    await storage.queue.enqueue(
      times(count, (index) => task(`t${index}`)),
      START,
    );
    const { won } = await race(
      times(8, (worker) => async () => {
        const queue = queues[worker % 2] ?? storage.queue;
        const held: string[] = [];
        for (let round = 0; round < count; round += 1) {
          const leased = await lease(queue, {
            limit: 1 + (worker % 3),
            worker: `worker-${worker}`,
          });
          held.push(...leased.map(({ key }) => key));
          for (const one of leased) if (round % 2 === 0) await queue.complete(one);
          if (leased.length === 0) break;
        }
        return held;
      }),
    );
    const all = won.flat();
    assert.equal(all.length, count, "each task was held once");
    assert.equal(new Set(all).size, count);
  },

  "the next due time is that of the earliest task or lapse": async ({ storage: { queue } }) => {
    assert.equal(await queue.nextDue(["work"]), undefined);
    await queue.enqueue([task("later", { notBefore: START + 500 })], START);
    await queue.enqueue([task("other", { type: "other", notBefore: START + 100 })], START);
    assert.equal(await queue.nextDue(["work"]), START + 500);
    assert.equal(await queue.nextDue(["work", "other"]), START + 100);
    await queue.enqueue([task("now")], START);
    assert.ok(((await queue.nextDue(["work"])) ?? Infinity) <= START);
    const leased = await leaseOne(queue, { leaseMs: 200 });
    assert.equal(await queue.nextDue(["work"]), START + 200);
    await queue.complete(leased);
    assert.equal(await queue.nextDue(["work"]), START + 500);
    assert.equal(await queue.nextDue(["none"]), undefined);
    assert.equal(await queue.nextDue([]), undefined);
  },

  "tasks are counted by state, for a tenant or all": async ({ storage: { queue } }) => {
    const other = { tenantId: "tenant-2" };
    await queue.enqueue(
      [task("a"), task("b"), task("c"), task("d", other), task("e", other)],
      START,
    );
    const leased = await lease(queue, { limit: 2 });
    const first = leased.find(({ tenantId }) => tenantId === "tenant-1");
    assert.ok(first !== undefined);
    await queue.fail(first, { error: "no", now: START });
    assert.deepEqual(await queue.stats("tenant-1"), { waiting: 2, leased: 0, dead: 1 });
    assert.deepEqual(await queue.stats("tenant-2"), { waiting: 1, leased: 1, dead: 0 });
    assert.deepEqual(await queue.stats(), { waiting: 3, leased: 1, dead: 1 });
    assert.deepEqual(await queue.stats("nobody"), { waiting: 0, leased: 0, dead: 0 });
  },
});
