import { afterEach, describe, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { Embedder, Vault } from "../../ports/index.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** An OS that says when its vault begins and ends to answer. */
function start(options: Parameters<typeof testOS>[0] = {}) {
  const steps: string[] = [];
  const storage = options.storage ?? memoryStorage();
  const { os } = testOS({ ...options, storage: { ...storage, vault: told(storage.vault, steps) } });
  opened.push(os);
  return { os, steps, storage };
}

function told(vault: Vault, steps: string[]): Vault {
  const tell =
    <Args extends unknown[], Value>(name: string, call: (...args: Args) => Promise<Value>) =>
    async (...args: Args): Promise<Value> => {
      steps.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      const value = await call(...args);
      steps.push(`/${name}`);
      return value;
    };
  return {
    ...vault,
    cube: tell("cube", vault.cube),
    read: tell("read", vault.read),
    list: tell("list", vault.list),
    position: tell("position", vault.position),
    log: tell("log", vault.log),
  };
}

/** Two processes on one storage, and a cube of Ada's that Bob may read in both. */
async function twoProcesses(embedder?: Embedder) {
  const storage = memoryStorage();
  const one = start({ storage });
  const two = start({ storage: memoryStorage({ from: storage.data }), embedder });
  const ours = await one.os.as({ userId: "ada" }).createCube("c", { allow: ["user:bob"] });
  await ours.add(["The kayak is red.", "The tent is blue.", "The stove is new."]);
  const bob = two.os.as({ userId: "bob" });
  const theirs = await bob.cube("c");
  await theirs.search("kayak");
  await theirs.search("kayak");
  two.steps.length = 0;
  return { ours, bob, theirs, steps: two.steps };
}

describe("a search of a known cube goes ahead of the answer whether it is still the same", () => {
  test("it waits for its storage once, whether there is something to read or not", async () => {
    const { theirs, steps } = await twoProcesses();
    const { hits } = await theirs.search("tent", { limit: 1 });
    expect(hits[0]?.memory.payload).toMatchObject({ text: "The tent is blue." });
    const begun = steps.slice(0, 2).sort();
    expect([begun, steps.length]).toEqual([["cube", "read"], 4]);
    steps.length = 0;
    await theirs.search("tent", { limit: 1 });
    expect(steps).toEqual(["cube", "/cube"]);
  });

  test("another process's commit is found; after it the cube is asked first, until it is quiet", async () => {
    const { ours, theirs, steps } = await twoProcesses();
    await ours.add("The kayak is sold.");
    const { hits, positions } = await theirs.search("kayak sold");
    expect(hits[0]?.memory.payload).toMatchObject({ text: "The kayak is sold." });
    expect(positions["c"]?.seq).toBe(3);
    steps.length = 0;
    await theirs.search("stove", { limit: 1 });
    expect(steps.slice(0, 2)).toEqual(["cube", "/cube"]);
    steps.length = 0;
    await theirs.search("stove", { limit: 1 });
    expect(steps).toEqual(["cube", "/cube"]);
  });

  test("what another process hid is not given, though the index still has it", async () => {
    const { ours, theirs } = await twoProcesses();
    const [hit] = (await ours.search("tent", { limit: 1 })).hits;
    await ours.update(hit?.memory.header.id ?? "", { allow: [] });
    const { hits } = await theirs.search("tent or kayak");
    expect(hits.map(({ memory }) => memory.payload)).toMatchObject([{ text: "The kayak is red." }]);
  });

  test("a right that another process took away is gone at once, and no question is embedded for it", async () => {
    const embedder = wordEmbedder();
    const { ours, theirs } = await twoProcesses(embedder);
    await ours.configure({ allow: [] });
    await expect(theirs.search("kayak")).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
    const calls = embedder.calls;
    await expect(theirs.search("kayak")).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
    expect(embedder.calls).toBe(calls);
  });

  test("a right that another process gave is there at once", async () => {
    const { ours, theirs } = await twoProcesses();
    await ours.configure({ allow: [] });
    await expect(theirs.search("kayak")).rejects.toThrow(/No cube/);
    await ours.configure({ allow: ["role:crew", "user:bob"] });
    expect((await theirs.search("kayak")).hits).toHaveLength(1);
  });

  test("a position that the cube has not reached is still refused", async () => {
    const { theirs } = await twoProcesses();
    const { positions } = await theirs.search("kayak");
    const position = { epoch: "", head: "", ...positions["c"], seq: 99 };
    await expect(theirs.search("kayak", { position })).rejects.toMatchObject({
      code: "MEMCUBE_POSITION_LOST",
    });
  });
});

describe("a prompt is prepared by what is known, too", () => {
  const messages = [{ role: "user", content: "Which colour is the tent?" }];
  const asked = { cubes: ["c"], messages };

  test("it waits for its storage once", async () => {
    const { bob, steps } = await twoProcesses();
    const { hits } = await bob.prepare(asked);
    expect(hits[0]?.memory.payload).toMatchObject({ text: "The tent is blue." });
    const begun = steps.findIndex((step) => step.startsWith("/"));
    expect(steps.slice(0, begun).sort()).toEqual(["cube", "list", "read"]);
    steps.length = 0;
    await bob.prepare({ ...asked, messages: [] });
    expect(steps.slice(0, 2).sort()).toEqual(["cube", "list"]);
    expect(steps).toHaveLength(4);
  });

  test("a right that another process took away is gone at once", async () => {
    const { ours, bob } = await twoProcesses();
    await ours.configure({ allow: [] });
    for (const input of [asked, asked, { ...asked, messages: [] }]) {
      await expect(bob.prepare(input)).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
    }
  });

  test("one's own cube that another process deleted is as if it had never been", async () => {
    const storage = memoryStorage();
    const one = start({ storage }).os.as({ userId: "ada" });
    const two = start({ storage: memoryStorage({ from: storage.data }) }).os.as({ userId: "ada" });
    await (await one.cube("user:ada")).add("The tent is blue.");
    expect((await two.prepare({ messages })).hits).toHaveLength(1);
    await one.deleteCube("user:ada");
    expect((await two.prepare({ messages })).hits).toEqual([]);
    expect((await two.prepare({ messages })).hits).toEqual([]);
  });
});
