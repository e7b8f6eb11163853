import { afterEach, describe, expect, test } from "vitest";

import type { MemOS } from "./index.ts";
import { START, testOS } from "../../testing/test-os.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function trips() {
  const { os, clock, storage } = testOS();
  opened.push(os);
  const me = os.as({ userId: "ada" });
  return { os, me, clock, storage, cube: await me.createCube("trips") };
}

describe("keys, sessions and documents", () => {
  test("a memory is found by its key; a key for a long text numbers the chunks", async () => {
    const { cube } = await trips();
    await cube.add("short", { externalKey: "note" });
    expect((await cube.getByKey("note"))?.payload).toMatchObject({ text: "short" });
    expect(await cube.getByKey("nothing")).toBeUndefined();
    const paragraph = "The ferry to the island leaves from the third pier every hour. ";
    const long = Array.from({ length: 30 }, (_, i) => `## Part ${i}\n\n${paragraph.repeat(12)}`);
    const { ids } = await cube.add(
      { text: long.join("\n\n"), title: "Ferries" },
      { externalKey: "doc" },
    );
    expect(ids.length).toBeGreaterThan(5);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await cube.getByKey("doc#part=1"))?.header.id).toBe(ids[1]);
  });

  test("a document that became shorter leaves no stale chunks", async () => {
    const { cube } = await trips();
    const part = (i: number) => `## Part ${i}\n\n${`Sentence ${i} of the handbook. `.repeat(40)}`;
    const text = (parts: number) => Array.from({ length: parts }, (_, i) => part(i)).join("\n\n");
    const options = { onDuplicate: "update" } as const;
    const long = await cube.add({ text: text(12), uri: "file:handbook.md" }, options);
    const short = await cube.add({ text: text(2), uri: "file:handbook.md" }, options);
    expect(short.ids.length).toBeLessThan(long.ids.length);
    const { total } = await cube.list({ withTotal: true });
    expect(total).toBe(short.ids.length);
  });

  test("a plain text keeps its session", async () => {
    const { cube } = await trips();
    await cube.add("The bell rings twice.", { sessionId: "s9" });
    expect((await cube.list({ sessionId: "s9" })).items).toHaveLength(1);
    expect((await cube.search("bell", { sessionId: "s9" })).hits).toHaveLength(1);
  });

  test("history says who wrote each version and how", async () => {
    const { cube, clock } = await trips();
    const { ids } = await cube.add("one");
    clock.advance(5_000);
    await cube.update(ids[0] as string, { text: "two" });
    const history = await cube.history(ids[0] as string);
    expect(
      history.map(({ written }) => [written?.op, written?.at, written?.actor?.userId]),
    ).toEqual([
      ["update", START + 5_000, "ada"],
      ["add", START, "ada"],
    ]);
  });

  test("a cube is opened or created in one call", async () => {
    const { me } = await trips();
    await expect(me.cube("new")).rejects.toMatchObject({ code: "MEMCUBE_CUBE_NOT_FOUND" });
    const cube = await me.cube("new", { create: true });
    await cube.add("x");
    expect((await (await me.cube("new", { create: true })).list()).items).toHaveLength(1);
  });
});
