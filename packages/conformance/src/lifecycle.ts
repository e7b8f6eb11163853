import { isMemCubeError, LIMITS, type Storage } from "@memcube/core";

import { assert, assertLinked, outcomeOf, rejects, times } from "./kit/checks.ts";
import { START, vectorWrite } from "./kit/content.ts";
import { findable, idsByPath } from "./kit/read-paths.ts";
import { newCube, SYSTEM, TestCube } from "./kit/test-cube.ts";
import { lease, leaseOne, task } from "./queue/queue-fixture.ts";
import { rulesOf } from "./rule.ts";

const REF = { tenantId: "tenant-1", cubeId: "cube-1" };
const THREAD = { tenantId: "tenant-1", owner: "user:ada", threadId: "t" } as const;
const TOPIC = { tenantId: "tenant-1", name: "news" };
const READING = { group: "g", consumer: "c", limit: 10, now: START, visibleMs: 1 };

export const lifecycleRules = rulesOf("storage", "lifecycle", {
  "a storage has a name and says what it can do": async ({ storage }) => {
    assert.ok(storage.name.length > 0);
    const { candidates, atomicAcrossCubes, durability, linkHash } = storage.vault.capabilities;
    assert.deepEqual([typeof candidates, typeof atomicAcrossCubes], ["boolean", "boolean"]);
    assert.ok(["power", "process", "none"].includes(durability));
    assert.ok(["sha256", "sha1"].includes(linkHash));
    const { batchWrites = 1 } = storage.vault.capabilities;
    assert.ok(Number.isInteger(batchWrites) && batchWrites >= 1);
    assert.ok(batchWrites <= LIMITS.commitWrites);
  },

  "closing twice is closing once": async ({ storage }) => {
    await storage.close();
    await storage.close();
  },

  "closing twice at the same time is closing once": async ({ storage }) => {
    await newCube(storage);
    await Promise.all([storage.close(), storage.close()]);
  },

  "a closed storage refuses every call of every port": async ({ storage }) => {
    const cube = await newCube(storage);
    await storage.close();
    for (const call of callsOf(storage, cube)) await rejects(call(), "MEMCUBE_CLOSED");
  },

  "calls that were begun before closing are finished or refused, never lost": async (context) => {
    const cube = await newCube(context.storage);
    const calls = times(10, (index) => cube.put({ id: `m${index}` }));
    const outcomes = Promise.all(calls.map((call) => outcomeOf(call)));
    await context.storage.close();
    const errors = (await outcomes).flatMap((outcome) =>
      "error" in outcome ? [outcome.error] : [],
    );
    for (const error of errors) assert.ok(isMemCubeError(error, "MEMCUBE_CLOSED"), String(error));
    const done = calls.length - errors.length;
    const again = cube.on(await context.reopen());
    const ids = (await again.vault.position(REF)) === undefined ? [] : await again.ids();
    const { durability } = again.vault.capabilities;
    assert.ok(durability === "none" ? [0, done].includes(ids.length) : ids.length === done);
  },

  "a storage that is opened again has all it had": async ({ storage, reopen }) => {
    await fill(storage);
    const before = await contentOf(storage, "before");
    const opened = await reopen();
    const { durability } = opened.vault.capabilities;
    const lost = durability === "none" && (await opened.vault.position(REF)) === undefined;
    if (lost)
      return assert.deepEqual(await opened.queue.stats(), { waiting: 0, leased: 0, dead: 0 });
    assert.deepEqual(await contentOf(opened, "after"), before);
    const cube = new TestCube(opened, REF);
    assert.equal((await cube.put({ id: "after" })).position.seq, 4);
    assertLinked(await cube.log(), opened.vault.capabilities.linkHash);
    await rejects(opened.queue.complete({ id: "x", token: 1 }), "MEMCUBE_LEASE_LOST");
  },

  "what was promised before closing holds after it": async ({ storage, reopen }) => {
    const cube = await newCube(storage);
    const idempotency = { key: "once", expiresAt: START + 10_000 };
    const commit = { writes: [cube.memory({ id: "a" })], idempotency, tasks: [task("t")] };
    const first = await cube.commit(commit);
    const held = { name: "work", holder: "one", now: START, until: START + 10_000 };
    await cube.vault.lease(REF, held);
    const leased = await leaseOne(storage.queue, { leaseMs: 10_000 });
    await storage.topic.publish(TOPIC, [{ n: 1 }, { n: 2 }], START);
    const [message] = await storage.topic.read(TOPIC, { ...READING, limit: 1, visibleMs: 10_000 });
    const opened = await reopen();
    if ((await opened.vault.position(REF)) === undefined) {
      return assert.equal(opened.vault.capabilities.durability, "none");
    }
    assert.deepEqual(await cube.on(opened).commit(commit), { ...first, replayed: true });
    assert.equal(await opened.vault.lease(REF, { ...held, holder: "two" }), false);
    assert.deepEqual(await lease(opened.queue, { limit: 5 }), []);
    await opened.queue.complete(leased);
    const unread = await opened.topic.read(TOPIC, READING);
    assert.deepEqual(
      unread.map(({ value }) => value),
      [{ n: 2 }],
    );
    assert.deepEqual(message?.value, { n: 1 });
  },

  "closing one handle leaves another open": async ({ storage, another, place }) => {
    const other = await another();
    const cube = await newCube(storage);
    if (place.shared) await storage.close();
    await cube.on(other).put({ id: "a" });
    assert.deepEqual(await cube.on(other).ids(), ["a"]);
  },

  "two places are two": async ({ storage, reopen }) => {
    // Each rule has a place of its own: nothing of the other rules is here, after opening again too.
    const isEmpty = async ({ vault, queue }: Storage) => {
      const cubes = await vault.cubes({ tenantId: "tenant-1", access: SYSTEM, limit: 10 });
      assert.deepEqual(cubes, { items: [] });
      assert.deepEqual(await queue.stats(), { waiting: 0, leased: 0, dead: 0 });
    };
    await isEmpty(storage);
    await isEmpty(await reopen());
  },
});

/** One call of each method of each port. */
function callsOf(storage: Storage, cube: TestCube): (() => Promise<unknown>)[] {
  const { vault, threads, queue, topic, blobs, usage } = storage;
  const page = { access: SYSTEM, limit: 10 } as const;
  const seal = { fromSeq: 1, toSeq: 1, root: "r", at: START, sealer: "s" };
  const segment = { fromSeq: 1, toSeq: 1, head: "h", toAt: START, blob: "b", sizeBytes: 1 };
  const step = { namespace: "", now: START };
  const checkpoint = { namespace: "", id: "1", value: new Uint8Array(1), metadata: {}, chunks: [] };
  const token = { id: "x", token: 1 };
  const target = { cubeId: "cube-1", id: "a" };
  return [
    () => cube.put({ id: "a" }),
    () => vault.cube(REF),
    () => vault.cubes({ tenantId: "tenant-1", ...page }),
    () => vault.dropCube(REF),
    () => vault.position(REF),
    () => vault.read(REF, { access: SYSTEM, ids: ["a"] }),
    () => vault.readByKey(REF, { access: SYSTEM, externalKeys: ["a"] }),
    () => vault.list(REF, { ...page, filter: {}, order: "oldest" }),
    () => vault.versions(REF, { ...page, id: "a" }),
    () => vault.log(REF, { afterSeq: 0, limit: 1 }),
    () => vault.positionAt(REF, START),
    () => vault.edgesTo(REF, { ...page, target }),
    () => vault.seals(REF, { afterSeq: 0, limit: 1 }),
    () => vault.seal(REF, seal),
    () => vault.lease(REF, { name: "n", holder: "h", now: START, until: START }),
    () => vault.mark(REF, "m"),
    () => vault.setMark(REF, "m", "v"),
    () => vault.segments(REF),
    () => vault.endedVersions(REF, { afterSeq: 0, toSeq: 1, limit: 1 }),
    () => vault.addSegment(REF, segment),
    () => vault.replaceSegment(REF, segment, "b"),
    () => vault.stats(REF),
    () => threads.put(THREAD, { checkpoint, chunks: [], now: START }),
    () => threads.putWrites(THREAD, { ...step, checkpointId: "1", writes: [], chunks: [] }),
    () => threads.get(THREAD, step),
    () => threads.lineage(THREAD, { ...step, id: "1", limit: 1 }),
    () => threads.list(THREAD, { limit: 1, now: START }),
    () => threads.threads({ tenantId: "tenant-1", owner: "user:ada", limit: 1, now: START }),
    () => threads.delete(THREAD),
    () => threads.deleteCheckpoints(THREAD, [{ namespace: "", id: "1" }]),
    () => threads.sweep(START),
    () => queue.enqueue([task("t")], START),
    () => lease(queue),
    () => queue.extend(token, START, 1),
    () => queue.complete(token),
    () => queue.fail(token, { error: "e", now: START }),
    () => queue.states("tenant-1", ["t"]),
    () => queue.deadLetters({ tenantId: "tenant-1", limit: 1 }),
    () => queue.redrive("tenant-1", ["x"], START),
    () => queue.discard("tenant-1", ["x"]),
    () => queue.stats(),
    () => queue.nextDue(["work"]),
    () => topic.publish(TOPIC, [{}], START),
    () => topic.read(TOPIC, READING),
    () => topic.acknowledge(TOPIC, "g", [1]),
    () => blobs.put("t", new Uint8Array(1)),
    () => blobs.get("t", "0".repeat(64)),
    () => blobs.has("t", "0".repeat(64)),
    () => blobs.delete("t", "0".repeat(64)),
    () => blobs.list("t", { limit: 1 }),
    () => usage.add([{ cube: REF, id: "a", reads: 1, at: START }]),
    () => usage.get(REF, ["a"]),
  ];
}

/** Something of everything a storage keeps. */
async function fill(storage: Storage): Promise<void> {
  const cube = await newCube(storage);
  await cube.put(findable({ id: "a" }), findable({ id: "b", expiresAt: START + 1 }));
  const update = cube.memory(findable({ id: "a", expectedVersion: 1 }));
  await cube.commit({ writes: [update, vectorWrite("a", [1, 2])], tasks: [task("t")] });
  await cube.vault.seal(REF, { fromSeq: 1, toSeq: 2, root: "r", at: START, sealer: "s" });
  await cube.vault.setMark(REF, "m", "v");
  const checkpoint = {
    namespace: "",
    id: "1",
    value: new Uint8Array([1]),
    metadata: { n: 1 },
    chunks: [],
  };
  await storage.threads.put(THREAD, { checkpoint, chunks: [], now: START });
  await storage.topic.publish(TOPIC, [{ n: 1 }, { n: 2 }], START);
  await storage.blobs.put("tenant-1", new Uint8Array([1, 2, 3]));
  await storage.usage.add([{ cube: REF, id: "a", reads: 2, at: START }]);
}

async function contentOf(storage: Storage, group: string): Promise<unknown> {
  const { vault } = storage;
  const cube = new TestCube(storage, REF);
  const [hash = ""] = await storage.blobs.list("tenant-1", { limit: 1 });
  return {
    cube: await vault.cube(REF),
    log: await cube.log(),
    versions: await cube.versions("a"),
    paths: await idsByPath(cube, SYSTEM, ["a", "b"]),
    vector: await cube.read("a", { vectors: true }),
    stats: await vault.stats(REF),
    seals: await vault.seals(REF, {
      afterSeq: 0,
      limit: 10,
    }),
    mark: await vault.mark(REF, "m"),
    thread: await storage.threads.get(THREAD, {
      namespace: "",
      now: START,
    }),
    tasks: [await storage.queue.stats(), await storage.queue.states("tenant-1", ["t"])],
    blob: await storage.blobs.get("tenant-1", hash),
    usage: await storage.usage.get(REF, ["a"]),
    messages: await storage.topic.read(TOPIC, {
      ...READING,
      group,
    }),
  };
}
