import { afterEach, describe, expect, test } from "vitest";

import { MemCubeError } from "../../errors.ts";
import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function shared(options: Parameters<typeof testOS>[0] = {}) {
  const { os, clock } = testOS(options);
  opened.push(os);
  const cube = await os
    .as({ userId: "ada" })
    .createCube("team", { allow: ["everyone"], writers: ["everyone"] });
  const bobs = await os.as({ userId: "bob" }).cube("team");
  const add = async (text: string, more = {}) => {
    const { ids } = await cube.add({ type: "fact", text }, more);
    return ids[0] as string;
  };
  return { os, clock, cube, bobs, add };
}

const about = (id: string, weight?: number) => ({
  type: "about" as const,
  to: { cubeId: "team", id },
  ...(weight === undefined ? {} : { weight }),
});

describe("update", () => {
  test("without a change writes nothing, also the first time", async () => {
    const { cube, add } = await shared();
    const id = await add("same", { tags: ["a"], edges: [about("x")] });
    for (const patch of [{}, { text: "same" }, { tags: ["a"] }, { edges: [about("x")] }]) {
      expect((await cube.update(id, patch)).version.number).toBe(1);
    }
  });

  test("equal edges are one, the later weight counts", async () => {
    const { cube, add } = await shared();
    const id = await add("node", { edges: [about("x"), about("y")] });
    const { edges } = await cube.update(id, { edges: [about("x", 0.5), about("z")] });
    expect(edges).toEqual([about("x", 0.5), about("y"), about("z")]);
  });

  test("takes optional fields away", async () => {
    const { cube, add } = await shared();
    const id = await add("note", { topic: ["travel"], validTo: 5, allow: [], licence: "MIT" });
    const { header } = await cube.update(id, { unset: ["topic", "validTo", "allow"] });
    expect(header).not.toHaveProperty("topic");
    expect(header).not.toHaveProperty("validTo");
    expect(header).not.toHaveProperty("allow");
    expect(header.licence).toBe("MIT");
    expect(await cube.get(id)).toMatchObject({ header: { licence: "MIT" } });
    await expect(cube.update(id, { licence: "BSD", unset: ["licence"] })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });

  test("a note alone is kept with a version of its own", async () => {
    const { cube, add } = await shared();
    const id = await add("fact");
    expect((await cube.update(id, { note: "checked" })).version.number).toBe(2);
    expect((await cube.history(id))[0]?.note).toBe("checked");
  });

  test("takes away the original of a turn that says or does something else now", async () => {
    const { cube } = await shared();
    const original = { format: "test", value: { secret: "4711" } };
    const toolResult = { id: "c1", output: "card 4711" };
    const said = { type: "turn", role: "tool", order: 0, text: "paid", toolResult, original };
    const patches = [
      { text: "paid by card" },
      { payload: { toolResult: { id: "c1", output: "card ****" } } },
      { payload: { role: "assistant" } },
      { payload: { toolResult: undefined } },
    ];
    for (const [at, patch] of patches.entries()) {
      const { ids } = await cube.add({ payload: { ...said, text: `paid ${at} times` } });
      expect((await cube.get(ids[0] ?? ""))?.payload).toMatchObject({ original });
      const { payload } = await cube.update(ids[0] ?? "", patch);
      expect(JSON.stringify(payload)).not.toContain("secret");
    }
    const { ids } = await cube.add({ payload: said });
    for (const patch of [{ text: "paid" }, { tags: ["money"] }, { payload: { order: 3 } }]) {
      expect((await cube.update(ids[0] ?? "", patch)).payload).toMatchObject({ original });
    }
    const named = { text: "paid back", payload: { original: { ...original, value: 1 } } };
    expect((await cube.update(ids[0] ?? "", named)).payload).toMatchObject({
      text: "paid back",
      original: { value: 1 },
    });
  });

  test("who may see a memory is for its owner and the cube's to say", async () => {
    const { os, cube, bobs, add } = await shared();
    const id = await add("Ada's");
    for (const patch of [{ allow: ["everyone" as const] }, { deny: ["user:eve" as const] }]) {
      await expect(bobs.update(id, patch)).rejects.toMatchObject({
        code: "MEMCUBE_FORBIDDEN",
        details: { action: "memory.share" },
      });
    }
    expect((await bobs.update(id, { text: "Bob's words" })).version.number).toBe(2);
    const [own = ""] = (await bobs.add("Bob's", { externalKey: "b" })).ids;
    expect((await bobs.update(own, { allow: ["user:eve"] })).header.allow).toEqual(["user:eve"]);
    await expect(bobs.update(own, { unset: ["allow"] })).resolves.toBeDefined();
    expect((await cube.update(own, { deny: ["user:eve"] })).header.deny).toEqual(["user:eve"]);
    const eve = await os.as({ userId: "carl" }).cube("team");
    await expect(
      eve.add("Carl's", { externalKey: "b", onDuplicate: "update", allow: [] }),
    ).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
  });
});

describe("contention", () => {
  test("appends from two handles all take effect", async () => {
    const storage = memoryStorage();
    const { cube, add, clock } = await shared({ storage });
    const id = await add("log:");
    const other = testOS({ storage, clock }).os;
    opened.push(other);
    const second = await other.as({ userId: "ada" }).cube("team");
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    await Promise.all(
      names.map((text, i) =>
        (i % 2 === 0 ? cube : second).update(id, { text }, { mode: "append" }),
      ),
    );
    const memory = await cube.get(id);
    const text = memory?.payload.type === "fact" ? memory.payload.text : "";
    expect(text.split("\n").slice(1).sort()).toEqual([...names].sort());
  });

  test("who is overtaken each time is told to try again", async () => {
    const storage = memoryStorage();
    const { cube, add } = await shared({ storage });
    const id = await add("log:");
    const { vault } = storage;
    const commit = vault.commit.bind(vault);
    vault.commit = async (request) => {
      if (!request.body.includes('"op":"update"')) return await commit(request);
      throw new MemCubeError("MEMCUBE_CONFLICT", "overtaken", { details: { id } });
    };
    await expect(cube.update(id, { text: "x" })).rejects.toMatchObject({
      code: "MEMCUBE_BUSY",
      retryable: true,
    });
    await expect(cube.update(id, { text: "x" }, { expectedVersion: 1 })).rejects.toMatchObject({
      code: "MEMCUBE_CONFLICT",
    });
  });
});
