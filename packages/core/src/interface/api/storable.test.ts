import { afterEach, describe, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function start() {
  const storage = memoryStorage();
  const { os, clock } = testOS({ storage });
  opened.push(os);
  const me = os.as({ userId: "ada" });
  const cube = await me.createCube("trips", { allow: ["everyone"], writers: ["everyone"] });
  /** Everything is read again, as by a fresh process. */
  const readable = async () => {
    const other = testOS({ storage, clock }).os;
    opened.push(other);
    const again = await other.as({ userId: "ada" }).cube("trips");
    await again.search("anything");
    return (await again.list()).items;
  };
  return { os, me, cube, clock, storage, readable };
}

const INVALID = { code: "MEMCUBE_INVALID_INPUT" };
const tags = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe("what is written can be read", () => {
  test("labels that add up to too many are refused", async () => {
    const { cube, readable } = await start();
    const { ids } = await cube.add("note", { tags: tags("a", 100) });
    await expect(cube.update(ids[0] as string, { tags: tags("b", 100) })).rejects.toMatchObject(
      INVALID,
    );
    expect((await readable())[0]?.header.tags).toHaveLength(100);
  });

  test("the world is older than 1970", async () => {
    const { cube, readable } = await start();
    const born = new Date("1932-05-01");
    await cube.add("Grandma was born.", { validFrom: born });
    await cube.add("She went to school.", { at: born });
    await cube.add([{ role: "user", content: "Dear diary", createdAt: "1944-06-06" }]);
    const items = await readable();
    expect(items[0]?.header.validFrom).toBe(born.getTime());
    expect(items[1]?.header.sources[0]?.at).toBe(born.getTime());
    expect(items[2]?.header.sources[0]?.at).toBe(Date.UTC(1944, 5, 6));
    const found = await cube.search("school", { from: born, to: new Date("1933-01-01") });
    expect(found.hits).toHaveLength(1);
    await expect(cube.add("x", { expiresAt: born })).rejects.toMatchObject(INVALID);
  });

  test("keys of a document's parts are not longer than a key may be", async () => {
    const { cube, readable } = await start();
    const text = Array.from(
      { length: 40 },
      (_, i) => `## Part ${i}\n\n${"Some words. ".repeat(60)}`,
    );
    const long = { text: text.join("\n\n") };
    await expect(cube.add(long, { externalKey: "k".repeat(256) })).rejects.toMatchObject(INVALID);
    await cube.add(long, { externalKey: "k".repeat(200) });
    expect((await readable()).length).toBeGreaterThan(5);
  });

  test("who has an id is a principal, also with a line separator in it", async () => {
    const { os, readable } = await start();
    expect(() => os.as({ userId: "e\u0085vil" })).toThrow(expect.objectContaining(INVALID));
    const odd = await os.as({ userId: "e\u2028vil:\u00e9" }).cube("trips");
    await odd.add("mine");
    expect((await readable())[0]?.header.owner).toBe("user:e\u2028vil:\u00e9");
  });

  test("a clock with fractions", async () => {
    const { cube, clock, readable } = await start();
    clock.advance(0.5);
    const { ids } = await cube.add("tick", { idempotencyKey: "k" });
    await cube.update(ids[0] as string, { text: "tock" });
    expect((await cube.add("tick", { idempotencyKey: "k" })).ids).toEqual(ids);
    expect(await readable()).toHaveLength(1);
  });

  test("edges and activation conditions have their bounds", async () => {
    const { cube, readable } = await start();
    const edges = (from: number) =>
      Array.from({ length: 200 }, (_, i) => ({
        type: "about" as const,
        to: { cubeId: "trips", id: `m${from + i}` },
      }));
    const { ids } = await cube.add("note", { edges: edges(0) });
    const id = ids[0] as string;
    await expect(cube.update(id, { edges: edges(200) })).rejects.toMatchObject(INVALID);
    const activation = { model: "x".repeat(70_000) };
    await expect(cube.add("big", { activation })).rejects.toMatchObject({
      code: "MEMCUBE_LIMIT_EXCEEDED",
    });
    expect(await readable()).toHaveLength(1);
  });

  test("a damaged value hides no paths of others", async () => {
    const { cube, storage } = await start();
    const { ids } = await cube.add([
      { type: "json", value: 1, path: ["a", "k"] },
      { type: "json", value: 2, path: ["b", "k"] },
    ]);
    const [row] = [...storage.data.cubes.values()];
    const version = row?.memories.get(ids[0] ?? "")?.versions[0];
    if (version !== undefined) Object.assign(version, { content: '{"payload":' });
    expect(await cube.paths()).toEqual([["b"]]);
  });

  test("a damaged memory hides no other, and can be erased", async () => {
    const { cube, readable, storage } = await start();
    const [damaged = "", whole] = (await cube.add(["one", "two"])).ids;
    const { cubes } = storage.data;
    const [row] = [...cubes.values()];
    const version = row?.memories.get(damaged)?.versions[0];
    if (version !== undefined) Object.assign(version, { content: '{"header":{}}' });
    expect((await readable()).map(({ header }) => header.id)).toEqual([whole]);
    expect(await cube.erase(damaged)).toEqual([damaged]);
  });
});
