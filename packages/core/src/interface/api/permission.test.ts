import { afterEach, describe, expect, test } from "vitest";

import type { MemCube, MemOS } from "./index.ts";
import type { CommitRequest } from "../../ports/index.ts";
import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function house() {
  const { os } = testOS();
  opened.push(os);
  const ada = os.as({ userId: "ada" });
  const bob = os.as({ userId: "bob", roles: ["editor"] });
  const cube = await ada.createCube("diary");
  const { ids } = await cube.add("Ada's locker code is 4711.");
  return { os, ada, bob, cube, id: ids[0] as string };
}

const NOT_FOUND = { code: "MEMCUBE_CUBE_NOT_FOUND" };
const FORBIDDEN = { code: "MEMCUBE_FORBIDDEN" };

/** Every way to read or write a cube. */
const OPERATIONS: Record<string, (cube: MemCube, id: string) => Promise<unknown>> = {
  header: (cube) => cube.header(),
  position: (cube) => cube.position(),
  stats: (cube) => cube.stats(),
  configure: (cube) => cube.configure({ title: "mine now" }),
  add: (cube) => cube.add("x"),
  search: (cube) => cube.search("locker"),
  get: (cube, id) => cube.get(id),
  list: (cube) => cube.list(),
  dependents: (cube, id) => cube.dependents(id),
  update: (cube, id) => cube.update(id, { text: "x" }),
  forget: (cube, id) => cube.forget(id),
  erase: (cube, id) => cube.erase(id),
  history: (cube, id) => cube.history(id),
  rollback: (cube, id) => cube.rollback(id, 1),
  at: async (cube) => await cube.at(await cube.position()),
  log: (cube) => cube.log().next(),
  verify: (cube) => cube.verify(),
  export: (cube) => cube.export().next(),
  import: (cube) => cube.import([]),
};

describe("only the owner, by default", () => {
  test("somebody else can't even learn that the cube exists", async () => {
    const { bob } = await house();
    const missing = await bob.cube("nothing-here").catch((error: unknown) => error);
    const hidden = await bob.cube("diary").catch((error: unknown) => error);
    expect(missing).toMatchObject(NOT_FOUND);
    expect(hidden).toMatchObject(NOT_FOUND);
    expect(String(hidden).replace("diary", "nothing-here")).toBe(String(missing));
    expect((await bob.listCubes({ withTotal: true })).total).toBe(0);
    await expect(bob.view(["diary"])).rejects.toMatchObject(NOT_FOUND);
    await expect(bob.prepare({ cubes: ["diary"], messages: "locker?" })).rejects.toMatchObject(
      NOT_FOUND,
    );
    await expect(bob.absorb({ cube: "diary", turns: "x" })).rejects.toMatchObject(NOT_FOUND);
    await expect(bob.deleteCube("diary")).rejects.toMatchObject(NOT_FOUND);
  });

  test("another tenant has its own cubes under the same names", async () => {
    const { os, cube, id } = await house();
    const twin = os.as({ userId: "ada", tenantId: "other" });
    await expect(twin.cube("diary")).rejects.toMatchObject(NOT_FOUND);
    const own = await twin.createCube("diary");
    expect(await own.get(id)).toBeUndefined();
    expect((await own.search("locker code")).hits).toEqual([]);
    expect(await own.erase(id)).toEqual([]);
    expect((await cube.get(id))?.header.id).toBe(id);
  });

  test.each(Object.keys(OPERATIONS))("a handle that outlived its permission: %s", async (name) => {
    const { bob, cube, id } = await house();
    await cube.configure({ allow: ["user:bob"], writers: ["user:bob"] });
    const shared = await bob.cube("diary");
    expect((await shared.search("locker")).hits).toHaveLength(1);
    await cube.configure({ allow: [], writers: [] });
    await expect(OPERATIONS[name]?.(shared, id)).rejects.toMatchObject(NOT_FOUND);
  });

  test("user: cubes are made by their user only, and by the first use", async () => {
    const { ada, bob } = await house();
    await expect(bob.createCube("user:ada")).rejects.toMatchObject(FORBIDDEN);
    const own = await ada.cube("user:ada");
    await own.add("private");
    await expect(bob.cube("user:ada")).rejects.toMatchObject(NOT_FOUND);
  });
});

describe("shared cubes", () => {
  test("a reader reads and can't write; a role may write", async () => {
    const { bob, cube, id } = await house();
    await cube.configure({ allow: ["role:editor"] });
    const shared = await bob.cube("diary");
    expect((await shared.search("locker code")).hits).toHaveLength(1);
    for (const name of ["add", "update", "forget", "erase", "rollback", "configure", "import"]) {
      await expect(OPERATIONS[name]?.(shared, id), name).rejects.toMatchObject(FORBIDDEN);
    }
    await expect(shared.verify()).rejects.toMatchObject(FORBIDDEN);
    await expect(shared.log().next()).rejects.toMatchObject(FORBIDDEN);
    await cube.configure({ writers: ["role:editor"] });
    const { ids } = await shared.add("Bob was here.");
    expect((await cube.get(ids[0] as string))?.header.owner).toBe("user:bob");
    await expect(shared.erase(id)).rejects.toMatchObject(FORBIDDEN);
    expect(await shared.erase(ids[0] as string)).toEqual(ids);
  });

  test("lists of a memory narrow what the cube allows; deny wins", async () => {
    const { os, ada, bob, cube } = await house();
    await cube.configure({ allow: ["user:bob", "user:eve"] });
    const onlyBob = await cube.add("The gift for Eve is a kayak.", { allow: ["user:bob"] });
    const notBob = await cube.add("The kayak for Bob is red.", { deny: ["user:bob"] });
    const eve = os.as({ userId: "eve" });
    const texts = async (session: typeof ada) => {
      const shared = await session.cube("diary");
      const found = await shared.search("kayak");
      const listed = await shared.list({ withTotal: true });
      expect(listed.total).toBe(listed.items.length);
      for (const id of [...onlyBob.ids, ...notBob.ids]) {
        const seen = listed.items.some((memory) => memory.header.id === id);
        expect((await shared.get(id)) !== undefined).toBe(seen);
        expect((await shared.history(id)).length > 0).toBe(seen);
      }
      return found.hits.map(({ memory }) => (memory.payload as { text: string }).text).sort();
    };
    expect(await texts(bob)).toEqual(["The gift for Eve is a kayak."]);
    expect(await texts(eve)).toEqual(["The kayak for Bob is red."]);
    expect(await texts(ada)).toHaveLength(2);
    await cube.configure({ deny: ["user:eve"] });
    await expect(eve.cube("diary")).rejects.toMatchObject(NOT_FOUND);
  });

  test("a read-only mount refuses writes of its owner; unmounted handles are closed", async () => {
    const { ada, id } = await house();
    const mounted = await ada.mount("diary");
    expect((await mounted.search("locker")).hits).toHaveLength(1);
    await expect(mounted.update(id, { text: "x" })).rejects.toMatchObject({
      code: "MEMCUBE_READ_ONLY",
    });
    await ada.unmount("diary");
    await expect(mounted.get(id)).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
    expect((await (await ada.cube("diary")).search("locker")).hits).toHaveLength(1);
  });

  test("views read all cubes, write to each, and say which failed", async () => {
    const { ada, bob, cube } = await house();
    await cube.configure({ allow: ["user:bob"] });
    const own = await bob.createCube("bobs");
    await own.add("Bob's locker is number 12.");
    const view = await bob.view(["diary", "bobs"]);
    const found = await view.search("locker");
    expect(found.hits.map((hit) => hit.memory.header.cubeId).sort()).toEqual(["bobs", "diary"]);
    expect(Object.keys(found.positions).sort()).toEqual(["bobs", "diary"]);
    const added = await view.add("A shared note about the sauna.");
    expect(added.cubes["bobs"]?.added).toBe(1);
    expect(added.failed["diary"]).toMatchObject(FORBIDDEN);
    const both = await ada.createCube("second");
    await both.add("same words");
    await cube.add("same words");
    const merged = await (await ada.view(["diary", "second"])).search("same words");
    expect(merged.hits).toHaveLength(1);
  });

  test("in a view the answer comes before what merely shares a word in another cube", async () => {
    const { ada, cube } = await house();
    // By its name it would come first among equals.
    const noise = await ada.createCube("a-garden");
    await noise.add(
      Array.from({ length: 8 }, (_, i) => `Garden note ${i}: the code of the wind is wild.`),
    );
    const found = await (
      await ada.view(["a-garden", "diary"])
    ).search("What is Ada's locker code?");
    expect(found.hits[0]?.memory.header.cubeId).toBe("diary");
    const twice = await ada.view(["diary", "diary"]);
    expect(twice.cubeIds).toEqual(["diary"]);
    const { position } = await cube.add("x");
    const view = await ada.view(["a-garden", "diary"]);
    expect((await view.search("locker", { positions: { diary: position } })).hits).not.toEqual([]);
    await expect(view.search("locker", { position })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });

  test("memories of two cubes with the same id are told apart", async () => {
    const { ada, cube } = await house();
    const copy = await ada.createCube("copy");
    const lines = [];
    for await (const line of cube.export()) lines.push(line);
    await copy.import(lines);
    await copy.update(lines[0]?.header.id as string, { text: "Ada's locker code is 9999." });
    const plan = await ada.prepare({
      cubes: ["copy", "diary"],
      messages: [{ role: "user", content: "What is my locker code?" }],
    });
    expect(plan.hits).toHaveLength(2);
    const used = plan.hits.filter(({ memory }) => memory.header.cubeId === "copy");
    await plan.report({ used: used.map(({ memory: { header } }) => header) });
    expect(plan.volatile).toContain("9999");
  });

  test("statistics and a list that would lock out are for nobody", async () => {
    const { bob, cube } = await house();
    await cube.configure({ allow: ["user:bob"] });
    await expect((await bob.cube("diary")).stats()).rejects.toMatchObject(FORBIDDEN);
    await expect(cube.configure({ deny: ["everyone"] })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
    expect((await cube.stats()).memories).toBe(1);
  });

  test("reading does not create a user's cube; planning for a new user is empty", async () => {
    const { os, bob } = await house();
    await expect(bob.mount("user:bob")).rejects.toMatchObject(NOT_FOUND);
    const plan = await bob.prepare({ messages: "hello" });
    expect(plan).toMatchObject({ stable: "", volatile: "" });
    expect((await bob.listCubes()).items).toEqual([]);
    await expect(bob.listCubes({ limit: Number.NaN })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
    expect(os.storage).toBe("memory");
  });

  test("every read stops waiting when its signal fires", async () => {
    const { cube, id } = await house();
    const signal = AbortSignal.abort(new Error("enough"));
    const reads: Promise<unknown>[] = [
      cube.get(id, { signal }),
      cube.getMany([id], { signal }),
      cube.list({ signal }),
      cube.search("x", { signal }),
      cube.history(id, { signal }),
      cube.dependents(id, { signal }),
      cube.header({ signal }),
      cube.stats({ signal }),
      cube.at(Date.now(), { signal }),
    ];
    for (const read of reads) await expect(read).rejects.toThrow("enough");
  });

  test("a right taken away between the decision and the write stops the write", async () => {
    const storage = memoryStorage();
    const { os } = testOS({ storage });
    opened.push(os);
    const cube = await os.as({ userId: "ada" }).createCube("shared", { writers: ["user:bob"] });
    const { vault } = storage;
    let revoked = false;
    const late = new Proxy(vault, {
      get: (target, name) =>
        name !== "commit"
          ? Reflect.get(target, name)
          : async (request: CommitRequest) => {
              if (!revoked) {
                revoked = true;
                await cube.configure({ writers: [] });
              }
              return await target.commit(request);
            },
    });
    const second = testOS({ storage: { ...memoryStorage({ from: storage.data }), vault: late } });
    opened.push(second.os);
    const bob = await second.os.as({ userId: "bob" }).cube("shared");
    await expect(bob.add("one last word")).rejects.toMatchObject(NOT_FOUND);
    expect((await cube.list({ withTotal: true })).total).toBe(0);
  });

  test("a deleted cube is gone; its name can be used again", async () => {
    const { ada, cube, id } = await house();
    await ada.deleteCube("diary");
    await expect(cube.get(id)).rejects.toMatchObject(NOT_FOUND);
    const again = await ada.createCube("diary");
    expect((await again.search("locker")).hits).toEqual([]);
    expect((await again.position()).seq).toBe(1);
  });

  test("a caller with too many principals is refused", () => {
    const { os } = testOS();
    opened.push(os);
    const roles = Array.from({ length: 64 }, (_, i) => `r${i}`);
    expect(() => os.as({ userId: "x", roles })).toThrow(
      expect.objectContaining({ code: "MEMCUBE_LIMIT_EXCEEDED" }),
    );
    expect(() => os.as({ userId: "" })).toThrow(
      expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }),
    );
  });
});
