import { afterEach, describe, expect, test } from "vitest";

import { MemCubeError } from "../../errors.ts";
import type { Vault } from "../../ports/index.ts";
import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

const METHODS = ["cube", "commit", "read", "readByKey", "list", "position"] as const;

/**
 * Two processes on one storage: Ada's, which owns the cube, and Bob's, which knows its header from a
 * write. `calls` are those of Bob's process; `beforeCommit` runs once, before its next commit arrives.
 */
async function house() {
  const shared = memoryStorage();
  const calls: string[] = [];
  const hooks: { beforeCommit?: () => Promise<unknown> } = {};
  const vault: Vault = { ...shared.vault };
  for (const name of METHODS) {
    const method = shared.vault[name].bind(shared.vault) as (...args: unknown[]) => unknown;
    const counted = async (...args: unknown[]) => {
      calls.push(name);
      const hook = name === "commit" ? hooks.beforeCommit : undefined;
      if (hook !== undefined) {
        delete hooks.beforeCommit;
        await hook();
      }
      return await method(...args);
    };
    Object.assign(vault, { [name]: counted });
  }
  const { os: hers } = testOS({ storage: shared });
  const { os: his } = testOS({ storage: { ...shared, vault } });
  opened.push(hers, his);
  const ada = hers.as({ userId: "ada" });
  const adas = await ada.createCube("team", { allow: ["user:bob"], writers: ["user:bob"] });
  const bobs = await his.as({ userId: "bob" }).cube("team");
  const [id = ""] = (await bobs.add("Bob was here.", { externalKey: "first" })).ids;
  await bobs.update(id, { text: "Bob is here." });
  calls.length = 0;
  const log = async () => {
    const ops: string[] = [];
    for await (const change of adas.log()) ops.push(change.op);
    return ops;
  };
  return { ada, adas, bobs, id, calls, hooks, log };
}

const FORBIDDEN = { code: "MEMCUBE_FORBIDDEN" };
const NOT_FOUND = { code: "MEMCUBE_CUBE_NOT_FOUND" };

/** Every write, and some that end otherwise than with a commit. */
const WRITES: Readonly<Record<string, (cube: MemCube, id: string) => Promise<unknown>>> = {
  add: (cube) => cube.add("x"),
  "add of nothing": (cube) => cube.add([]),
  "add of what is there": (cube) => cube.add("again", { externalKey: "first" }),
  update: (cube, id) => cube.update(id, { text: "x" }),
  "update that changes nothing": (cube, id) => cube.update(id, { text: "Bob is here." }),
  "update of another version": (cube, id) => cube.update(id, { text: "x" }, { expectedVersion: 9 }),
  "update of what is not there": (cube) => cube.update("nothing", { text: "x" }),
  forget: (cube, id) => cube.forget(id),
  erase: (cube, id) => cube.erase(id),
  rollback: (cube, id) => cube.rollback(id, 1),
  import: (cube) => cube.import([]),
};

describe("a right taken away by another process", () => {
  test.each(Object.keys(WRITES))("before: %s", async (name) => {
    const { adas, bobs, id, log } = await house();
    await adas.configure({ writers: [] });
    const before = await log();
    await expect(WRITES[name]?.(bobs, id)).rejects.toMatchObject(FORBIDDEN);
    expect(await log()).toEqual(before);
  });

  test.each(["add", "update", "forget", "erase", "rollback"])("meanwhile: %s", async (name) => {
    const { adas, bobs, id, hooks, log } = await house();
    hooks.beforeCommit = () => adas.configure({ allow: [], writers: [] });
    await expect(WRITES[name]?.(bobs, id)).rejects.toMatchObject(NOT_FOUND);
    expect((await log()).at(-1)).toBe("cube.update");
  });

  test("a repeated call is told nothing either", async () => {
    const { adas, bobs } = await house();
    const options = { idempotencyKey: "turn-1" };
    const first = await bobs.add("once", options);
    expect((await bobs.add("once", options)).ids).toEqual(first.ids);
    await adas.configure({ writers: [] });
    await expect(bobs.add("once", options)).rejects.toMatchObject(FORBIDDEN);
  });
});

test("a right given by another process counts at once", async () => {
  const { adas, bobs } = await house();
  await adas.configure({ writers: [] });
  await expect(bobs.add("x")).rejects.toMatchObject(FORBIDDEN);
  await adas.configure({ writers: ["user:bob"] });
  expect((await bobs.add("x")).added).toBe(1);
});

test("a cube deleted and made again is another cube", async () => {
  const { ada, bobs, id } = await house();
  await ada.deleteCube("team");
  for (const name of Object.keys(WRITES)) {
    await expect(WRITES[name]?.(bobs, id), name).rejects.toMatchObject(NOT_FOUND);
  }
  const again = await ada.createCube("team");
  for (const name of Object.keys(WRITES)) {
    await expect(WRITES[name]?.(bobs, id), name).rejects.toMatchObject(NOT_FOUND);
  }
  expect((await again.list()).items).toEqual([]);
  await again.configure({ allow: ["user:bob"], writers: ["user:bob"] });
  expect((await bobs.add("x")).added).toBe(1);
});

test("of a new cube in the very moment of the commit, too", async () => {
  const { ada, bobs, hooks } = await house();
  hooks.beforeCommit = async () => {
    await ada.deleteCube("team");
    await ada.createCube("team", { allow: ["user:bob"] });
  };
  await expect(bobs.add("x")).rejects.toMatchObject(FORBIDDEN);
  expect((await (await ada.cube("team")).list()).items).toEqual([]);
});

describe("round trips of a write", () => {
  test("a plain add is one commit, an update a read and a commit", async () => {
    const { bobs, id, calls } = await house();
    await bobs.add("x");
    expect(calls.splice(0)).toEqual(["commit"]);
    await bobs.update(id, { text: "y" });
    expect(calls.splice(0)).toEqual(["read", "commit"]);
  });

  test("of a header that changed: one more look, and no waiting", async () => {
    const { adas, bobs, id, calls } = await house();
    await adas.configure({ title: "Team" });
    await bobs.update(id, { text: "y" });
    expect(calls.splice(0)).toEqual(["read", "commit", "cube", "read", "commit"]);
    await bobs.add("x");
    expect(calls).toEqual(["commit"]);
  });

  test("one's own change of the header is known", async () => {
    const { adas } = await house();
    await adas.configure({ title: "One" });
    expect(await adas.configure({ title: "Two" })).toMatchObject({ title: "Two" });
    expect((await adas.add("x")).added).toBe(1);
    expect(await adas.header()).toMatchObject({ title: "Two" });
  });

  test("nothing to write: where the log is comes with the confirmation", async () => {
    const { adas, bobs, calls } = await house();
    await adas.add("Ada too");
    const { ids, added, position } = await bobs.add("again", { externalKey: "first" });
    expect([ids.length, added]).toEqual([1, 0]);
    expect(calls).toEqual(["readByKey", "cube"]);
    expect(position).toEqual(await adas.position());
  });

  test("a storage that fails is not asked again", async () => {
    const { bobs, hooks, calls } = await house();
    for (const code of ["MEMCUBE_STORAGE_UNREACHABLE", "MEMCUBE_STORAGE_FAILED"] as const) {
      hooks.beforeCommit = () => Promise.reject(new MemCubeError(code, "no"));
      await expect(bobs.add("x")).rejects.toMatchObject({ code });
      expect(calls.splice(0)).toEqual(["commit"]);
    }
  });
});
