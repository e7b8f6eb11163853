import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { afterEach, describe, expect, test } from "vitest";

import type { Embedder } from "../../ports/index.ts";
import { changedStorage } from "../../testing/changed-storage.ts";
import { memoryStorage, type MemoryStorageOptions } from "../../testing/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

function start(options: Parameters<typeof testOS>[0] = {}) {
  const made = testOS(options);
  opened.push(made.os);
  return { ...made, me: made.os.as({ userId: "ada" }) };
}

describe("embedding in the background", () => {
  test("settled waits for the vectors; hits say their similarity", async () => {
    const { me } = start({ embedder: wordEmbedder() });
    const cube = await me.createCube("c");
    const added = await cube.add(["the red kayak", "a quiet piano"]);
    expect(await added.settled()).toEqual({ finished: 1, failed: 0, waiting: 0 });
    expect((await cube.stats()).vectors).toBe(2);
    const found = await cube.search("red kayak");
    expect(found.hits[0]?.why.vector).toBeGreaterThan(0.7);
    expect((await cube.verify()).problems).toEqual([]);
  });

  test("a failing embedder is tried again; memories are found meanwhile", async () => {
    const embedder = wordEmbedder();
    const { me, clock } = start({ embedder });
    const cube = await me.createCube("c");
    embedder.failures = 1;
    const added = await cube.add("the red kayak");
    const waiting = await added.settled({ signal: AbortSignal.timeout(60) });
    expect(waiting).toEqual({ finished: 0, failed: 0, waiting: 1 });
    clock.advance(10_000);
    expect(await added.settled()).toEqual({ finished: 1, failed: 0, waiting: 0 });
    expect((await cube.stats()).vectors).toBe(1);
  });

  test("a new text gets a new vector, a new tag does not", async () => {
    const embedder = wordEmbedder();
    const { os, me } = start({ embedder });
    const cube = await me.createCube("c");
    const added = await cube.add({ type: "fact", text: "the red kayak" });
    await added.settled();
    const id = added.ids[0] as string;
    const before = embedder.calls;
    await cube.update(id, { tags: ["sport"] });
    await os.idle();
    expect(embedder.calls).toBe(before);
    expect((await cube.search("kayak")).hits[0]?.why.vector).toBeGreaterThan(0.5);
    await cube.update(id, { text: "the blue piano" });
    await os.idle();
    expect(embedder.calls).toBeGreaterThan(before);
    expect((await cube.search("blue piano")).hits[0]?.why.vector).toBeGreaterThan(0.7);
  });

  test("work begins with the commit, before anybody waits for it", async () => {
    const { me } = start({ embedder: wordEmbedder() });
    const cube = await me.createCube("c");
    // Let the worker's first look end: the next one of its own is a second away.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await cube.add("the red kayak");
    await expect.poll(async () => (await cube.stats()).vectors, { timeout: 500 }).toBe(1);
  });

  test("another process does the work that one left behind", async () => {
    const storage = memoryStorage();
    const first = testOS({ storage, embedder: wordEmbedder(), worker: false });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    const added = await cube.add("left behind");
    expect((await added.settled({ signal: AbortSignal.timeout(30) })).waiting).toBe(1);
    await first.os.close();
    const { os, me } = start({
      storage: memoryStorage({ from: storage.data }),
      embedder: wordEmbedder(),
    });
    await os.idle();
    expect((await (await me.cube("c")).stats()).vectors).toBe(1);
  });
});

describe("an embedder that is not there, slow or wrong", () => {
  /** Gives vectors but refuses some texts. */
  function picky(refuses: (text: string) => boolean) {
    const embedder = wordEmbedder();
    const { embed } = embedder;
    embedder.embed = async (texts, options) => {
      if (texts.some(refuses)) throw new Error("not this one");
      return await embed.call(embedder, texts, options);
    };
    return embedder;
  }

  test("one text that it refuses keeps no other from its vector", async () => {
    const { me } = start({ embedder: picky((text) => text.includes("poison")) });
    const cube = await me.createCube("c");
    const texts = Array.from({ length: 100 }, (_, i) => `fine text ${i}`);
    const added = await cube.add([...texts.slice(0, 50), "poison", ...texts.slice(50)]);
    const signal = AbortSignal.timeout(100);
    expect(await added.settled({ signal })).toEqual({ finished: 0, failed: 0, waiting: 1 });
    expect((await cube.stats()).vectors).toBe(100);
  });

  test("what failed gets its vector at a later attempt", async () => {
    let down = true;
    const { me, clock } = start({ embedder: picky((text) => down && text.includes("poison")) });
    const cube = await me.createCube("c");
    const added = await cube.add(["one", "two", "poison", "four"]);
    await added.settled({ signal: AbortSignal.timeout(50) });
    expect((await cube.stats()).vectors).toBe(3);
    down = false;
    clock.advance(10_000);
    expect(await added.settled()).toEqual({ finished: 1, failed: 0, waiting: 0 });
    expect((await cube.stats()).vectors).toBe(4);
  });

  test("while it is down few calls are made", async () => {
    const embedder = wordEmbedder();
    embedder.failures = 1_000;
    const { os, me } = start({ embedder });
    const cube = await me.createCube("c");
    await cube.add(Array.from({ length: 200 }, (_, i) => `text ${i}`));
    await os.idle();
    expect(embedder.calls).toBeLessThan(10);
  });

  test("search and prepare answer by words, and an event tells", async () => {
    const embedder = wordEmbedder();
    const { os, me } = start({ embedder });
    const cube = await me.cube("user:ada");
    await cube.add("The red kayak is in the shed.");
    await os.idle();
    embedder.failures = 2;
    const heard: { where: string }[] = [];
    const listen = (event: unknown) => heard.push(event as { where: string });
    subscribe("memcube:error", listen);
    const { hits } = await cube.search("kayak");
    const plan = await me.prepare({ messages: "Where is the kayak?" });
    unsubscribe("memcube:error", listen);
    expect(hits).toHaveLength(1);
    expect(plan.volatile).toContain("red kayak");
    expect(heard.map(({ where }) => where)).toEqual(["embed.query", "embed.query"]);
  });

  test("an aborted search is aborted, also where the embedder does not listen", async () => {
    const embedder = wordEmbedder();
    const { me } = start({ embedder });
    const cube = await me.createCube("c");
    embedder.embed = async () => await new Promise<never>(() => undefined);
    const search = cube.search("kayak", { signal: AbortSignal.timeout(10) });
    await expect(search).rejects.toThrow(/timeout|abort/i);
  });

  test("settled and close end though it never answers", async () => {
    const embedder = wordEmbedder();
    embedder.embed = async () => await new Promise<never>(() => undefined);
    const { os, me } = start({ embedder });
    const cube = await me.createCube("c");
    const added = await cube.add("the red kayak");
    const started = performance.now();
    const report = await added.settled({ signal: AbortSignal.timeout(20) });
    expect(report).toEqual({ finished: 0, failed: 0, waiting: 1 });
    expect(performance.now() - started).toBeLessThan(1_000);
    await os.close();
    // The grace of two seconds, with a margin for a busy machine.
    expect(performance.now() - started).toBeLessThan(6_000);
  });

  test("one that comes later embeds what is there", async () => {
    const storage = memoryStorage();
    const first = testOS({ storage });
    const texts = Array.from({ length: 599 }, (_, i) => `note ${i} about something else`);
    await (await first.os.as({ userId: "ada" }).createCube("c")).add([...texts, "the red kayak"]);
    await first.os.close();
    const { os, me } = start({
      storage: memoryStorage({ from: storage.data }),
      embedder: wordEmbedder(),
    });
    const cube = await me.cube("c");
    await cube.search("kayak");
    await os.idle();
    expect((await cube.stats()).vectors).toBe(600);
    expect((await cube.search("red kayak")).hits[0]?.why.vector).toBeGreaterThan(0.5);
  });
});

describe("the index cache", () => {
  test("a second handle on the storage sees what the first wrote", async () => {
    const storage = memoryStorage();
    const one = start({ storage });
    const two = start({ storage: memoryStorage({ from: storage.data }) });
    const writer = await one.me.createCube("c");
    const reader = await two.me.cube("c");
    const { ids, position } = await writer.add("The ferry leaves at noon.");
    expect((await reader.search("ferry", { position })).hits).toHaveLength(1);
    await writer.update(ids[0] as string, { text: "The train leaves at noon." });
    expect((await reader.search("ferry")).hits).toHaveLength(0);
    expect((await reader.search("train")).hits).toHaveLength(1);
    await writer.forget(ids[0] as string);
    expect((await reader.search("train")).hits).toHaveLength(0);
  });

  test("an index is persisted, loaded by the next process, and dropped on erase", async () => {
    const storage = memoryStorage();
    const first = testOS({ storage });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    await cube.add(Array.from({ length: 700 }, (_, i) => `note ${i} about topic ${i % 9}`));
    const { hits } = await cube.search("topic 4");
    await first.os.close();
    const ref = { tenantId: "default", cubeId: "c" };
    const { me, storage: again } = start({ storage: memoryStorage({ from: storage.data }) });
    const mark = JSON.parse((await again.vault.mark(ref, "index")) ?? "null") as { blob: string };
    expect(await again.blobs.has("default", mark.blob)).toBe(true);
    const reopened = await me.cube("c");
    const found = await reopened.search("topic 4");
    expect(found.hits.map((hit) => hit.memory.header.id)).toEqual(
      hits.map((hit) => hit.memory.header.id),
    );
    await reopened.erase(found.hits[0]?.memory.header.id as string);
    expect(await again.blobs.has("default", mark.blob)).toBe(false);
    expect(await again.vault.mark(ref, "index")).toBeUndefined();
  });

  test("what is embedded while it is added is in the persisted index too", async () => {
    const storage = memoryStorage();
    const first = testOS({ storage, embedder: wordEmbedder() });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    const texts = Array.from({ length: 1_500 }, (_, i) => `word${i} about topic ${i % 9}`);
    const added = await cube.add(texts);
    await added.settled();
    await first.os.close();
    const heard: { how: string; rows: number }[] = [];
    const listen = (event: unknown) => heard.push(event as { how: string; rows: number });
    subscribe("memcube:index", listen);
    const { me } = start({
      storage: memoryStorage({ from: storage.data }),
      embedder: wordEmbedder(),
    });
    const found = await (await me.cube("c")).search("word7 topic");
    unsubscribe("memcube:index", listen);
    expect(heard.filter(({ how }) => how === "built" || how === "rebuilt")).toEqual([]);
    expect(heard.find(({ how }) => how === "loaded")?.rows).toBeGreaterThan(1_300);
    expect(found.hits[0]?.why.vector).toBeGreaterThan(0.5);
  });

  test("a damaged persisted index is built anew", async () => {
    const storage = memoryStorage();
    const first = testOS({ storage });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    await cube.add(Array.from({ length: 600 }, (_, i) => `note ${i}`));
    await first.os.close();
    const ref = { tenantId: "default", cubeId: "c" };
    const { me, storage: again } = start({ storage: memoryStorage({ from: storage.data }) });
    const { hash } = await again.blobs.put("default", new Uint8Array([1, 2, 3]));
    const old = JSON.parse((await again.vault.mark(ref, "index")) ?? "null") as object;
    await again.vault.setMark(ref, "index", JSON.stringify({ ...old, blob: hash }));
    expect((await (await me.cube("c")).search("note 17")).hits.length).toBeGreaterThan(0);
  });

  test("a byte budget evicts cubes that were not used lately", async () => {
    const { me } = start({ indexBudgetBytes: 200_000 });
    for (let i = 0; i < 12; i++) {
      const cube = await me.createCube(`c${i}`);
      await cube.add(Array.from({ length: 50 }, (_, n) => `memory ${n} of cube ${i} about boats`));
    }
    for (let i = 0; i < 12; i++) {
      const found = await (await me.cube(`c${i}`)).search("boats", { limit: 3 });
      expect(found.hits).toHaveLength(3);
    }
  });

  test("a cold cube answers from candidates while its index is built", async () => {
    const storage = memoryStorage({ candidates: true });
    const first = testOS({ storage });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    for (let i = 0; i < 210; i++) await cube.add(`entry ${i} about subject ${i % 7}`);
    await first.os.close();
    const { me } = start({ storage: memoryStorage({ from: storage.data, candidates: true }) });
    const reopened = await me.cube("c");
    const cold = await reopened.search("entry 42");
    expect(cold.hits[0]?.memory.payload).toMatchObject({ text: "entry 42 about subject 0" });
  });
});

describe("a cold cube and an embedder", () => {
  /** Knows that a puppy is a dog. */
  const embedder: Embedder = {
    model: "dogs",
    dimensions: 2,
    embed: async (texts) =>
      texts.map((text) => Float32Array.from(/dog|puppy/u.test(text) ? [1, 0] : [0, 1])),
  };

  async function coldCube(options: MemoryStorageOptions) {
    const storage = memoryStorage(options);
    const first = testOS({ storage, embedder });
    const cube = await first.os.as({ userId: "ada" }).createCube("c");
    for (let i = 0; i < 210; i++) await cube.add(`entry ${i} about boats`);
    await cube.add("The puppy sleeps.");
    await first.os.idle();
    await first.os.close();
    const again = memoryStorage({ ...options, from: storage.data });
    const asked: unknown[] = [];
    const { candidates } = again.vault;
    const vault = changedStorage(again, "vault", {
      // Without the persisted index, as a process that comes later may find it.
      mark: async () => undefined,
      candidates: async (ref, query) => {
        asked.push(query.vector);
        return await candidates(ref, query);
      },
    });
    const { me } = start({ storage: vault, embedder });
    const { hits } = await (await me.cube("c")).search("dog", { limit: 3 });
    return { asked, texts: hits.map(({ memory }) => JSON.stringify(memory.payload)), hits };
  }

  test("candidates by vectors answer it, by meaning", async () => {
    const { asked, texts, hits } = await coldCube({
      candidates: true,
      vectors: { model: "dogs", dimensions: 2 },
    });
    expect(asked).toEqual([Float32Array.from([1, 0])]);
    expect(texts[0]).toContain("puppy");
    expect(hits[0]?.why.vector).toBeGreaterThan(0.9);
  });

  test.each([
    { candidates: true },
    { candidates: true, vectors: { model: "cats", dimensions: 2 } },
    { candidates: true, vectors: { model: "dogs", dimensions: 3 } },
  ])("candidates of %j do not: the index is waited for", async (options) => {
    const { asked, texts } = await coldCube(options);
    expect(asked).toEqual([]);
    expect(texts[0]).toContain("puppy");
  });
});

describe("usage", () => {
  test("counters of a deleted cube do not come back with a memory of the same id", async () => {
    const { os, me, storage } = start();
    const cube = await me.createCube("c");
    const { ids } = await cube.add("counted");
    const id = ids[0] as string;
    const lines = [];
    for await (const line of cube.export()) lines.push(line);
    await cube.get(id);
    await me.deleteCube("c");
    await (await me.createCube("c")).import(lines);
    await os.close();
    const again = start({
      storage: memoryStorage({ from: (storage as never as { data: never }).data }),
    });
    expect((await (await again.me.cube("c")).get(id))?.usage?.reads).toBe(0);
  });

  test("reads, injections and uses are counted outside the version", async () => {
    const { os, me, storage } = start();
    const cube = await me.cube("user:ada");
    const { ids } = await cube.add("Ada's favourite tea is oolong.");
    const id = ids[0] as string;
    const before = await cube.position();
    await cube.search("tea");
    const plan = await me.prepare({
      messages: [{ role: "user", content: "Which tea do I like?" }],
    });
    expect(plan.volatile).toContain("oolong");
    await plan.report({ used: true });
    await os.close();
    const again = start({
      storage: memoryStorage({ from: (storage as never as { data: never }).data }),
    });
    const memory = await (await again.me.cube("user:ada")).get(id);
    expect(memory?.usage).toMatchObject({ reads: 2, injections: 1, uses: 1 });
    expect(memory?.version.number).toBe(1);
    expect(await (await again.me.cube("user:ada")).position()).toEqual(before);
  });
});

describe("prepare and absorb", () => {
  test("what was said in one session is in the plan of another, once", async () => {
    const { me } = start();
    const turns = [
      { id: "m1", role: "user", content: "I am allergic to peanuts." },
      { id: "m2", role: "assistant", content: "Noted, no peanuts." },
    ];
    await me.absorb({ sessionId: "monday", turns });
    const again = await me.absorb({ sessionId: "monday", turns });
    expect(again.added).toBe(0);
    const plan = await me.prepare({
      sessionId: "tuesday",
      messages: [{ role: "user", content: "Can I eat this peanut bar, given my allergies?" }],
    });
    expect(plan.volatile).toContain("allergic to peanuts");
    expect(plan.stable).toBe("");
    expect(plan.tokens.volatile).toBeGreaterThan(0);
    expect(plan.hits.length).toBeGreaterThan(0);
  });

  test("what the prompt shows already is not injected again", async () => {
    const { me } = start();
    const turns = [{ id: "m1", role: "user", content: "My bike is a green tandem." }];
    await me.absorb({ sessionId: "s", turns });
    const messages = [...turns, { id: "m2", role: "user", content: "What colour is my bike?" }];
    const plan = await me.prepare({ sessionId: "s", messages });
    expect(plan.volatile).toBe("");
  });

  test("preferences stand in the stable block, whatever is asked", async () => {
    const { me } = start();
    const cube = await me.cube("user:ada");
    await cube.add({ type: "preference", text: "Answer in metric units." });
    const ask = async (content: string) =>
      await me.prepare({ messages: [{ role: "user", content }] });
    const one = await ask("How far is it to Porto?");
    const two = await ask("Tell me a joke.");
    expect(one.stable).toContain("metric units");
    expect(two.stable).toBe(one.stable);
    expect(one.volatile).not.toContain("metric units");
  });

  test("an empty memory plans nothing", async () => {
    const { me } = start();
    const plan = await me.prepare({ messages: [{ role: "user", content: "hi" }] });
    expect(plan).toMatchObject({ stable: "", volatile: "", hits: [] });
    await plan.report({ used: false });
  });
});
