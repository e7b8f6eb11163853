/** Which paths there are: found once by looking at every value, then by what the log says. */
import { afterEach, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** A cube whose storage counts the pages of values that are read from it. */
async function newCube() {
  const storage = memoryStorage();
  const looks = { pages: 0 };
  const vault = {
    ...storage.vault,
    list: async (...asked: Parameters<typeof storage.vault.list>) => {
      looks.pages += 1;
      return await storage.vault.list(...asked);
    },
  };
  const { os, clock } = testOS({ storage: { ...storage, vault } });
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("values");
  return { os, clock, cube, looks };
}

async function put(cube: MemCube, path: readonly string[], options: object = {}) {
  const { ids } = await cube.add(
    { type: "json", value: { at: path.join() }, path },
    { onDuplicate: "update", ...options },
  );
  return ids[0] ?? "";
}

test("what was written since is followed, whoever wrote it", async () => {
  const { os, cube, looks } = await newCube();
  await put(cube, ["a", "1"]);
  expect(await cube.paths()).toEqual([["a"]]);
  const { pages } = looks;
  expect(await cube.paths()).toEqual([["a"]]);
  await put(cube, ["a", "1"], { onDuplicate: "update" });
  await put(cube, ["b", "c", "1"]);
  await cube.add("A fact beside them.");
  const other = await os.as({ userId: "ada", agentId: "other" }).cube("values");
  await put(other, ["d", "1"]);
  expect(await cube.paths()).toEqual([["a"], ["b", "c"], ["d"]]);
  expect(await cube.paths({ path: ["b"] })).toEqual([["b", "c"]]);
  expect(looks.pages - pages, "only for the new prefix").toBe(1);
});

test("what was taken away is not there any more", async () => {
  const { cube } = await newCube();
  const first = await put(cube, ["a", "1"]);
  const second = await put(cube, ["b", "1"]);
  expect(await cube.paths()).toHaveLength(2);
  await cube.forget(first);
  expect(await cube.paths()).toEqual([["b"]]);
  await cube.rollback(first, 1);
  expect(await cube.paths()).toEqual([["a"], ["b"]]);
  await cube.erase(second);
  expect(await cube.paths()).toEqual([["a"]]);
});

test("what has expired is not there any more, what was renewed is", async () => {
  const { clock, cube } = await newCube();
  await put(cube, ["a", "1"], { ttlMs: 1_000 });
  await put(cube, ["b", "1"], { ttlMs: 5_000 });
  expect(await cube.paths()).toHaveLength(2);
  clock.advance(900);
  const { items } = await cube.list({ path: ["a"] });
  await cube.renew(items, { ttlMs: 1_000, after: 0 });
  clock.advance(500);
  expect(await cube.paths()).toEqual([["a"], ["b"]]);
  clock.advance(600);
  expect(await cube.paths()).toEqual([["b"]]);
});

test("each caller has the paths that they see, also when that changes", async () => {
  const { os, cube } = await newCube();
  await cube.configure({ allow: ["everyone"] });
  const id = await put(cube, ["a", "1"]);
  await put(cube, ["b", "1"]);
  const bobs = await os.as({ userId: "bob" }).cube("values");
  expect(await bobs.paths()).toEqual([["a"], ["b"]]);
  await put(cube, ["secret", "1"], { allow: ["user:ada"] });
  expect(await bobs.paths()).toEqual([["a"], ["b"]]);
  expect(await cube.paths()).toEqual([["a"], ["b"], ["secret"]]);
  await cube.update(id, { allow: ["user:ada"] });
  expect(await bobs.paths()).toEqual([["b"]]);
  await cube.configure({ allow: [] });
  await expect(bobs.paths()).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
  expect(await cube.paths()).toHaveLength(3);
});
