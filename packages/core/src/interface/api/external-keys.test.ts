import { afterEach, describe, expect, test } from "vitest";

import { START, testOS, wordEmbedder } from "../../testing/test-os.ts";
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
  return { os, clock, cube, bobs };
}

const UPDATE = { onDuplicate: "update" } as const;
const textsOf = (items: readonly { payload: object }[]) =>
  items.map(({ payload }) => ("text" in payload ? payload.text : undefined));
const document = (parts: number) =>
  Array.from({ length: parts }, (_, i) => `## Part ${i}\n\n${`Line ${i} of it. `.repeat(90)}`).join(
    "\n\n",
  );

describe("keys that end in numbers", () => {
  test("documents of a user's own numbers are not parts of another", async () => {
    const { cube } = await shared();
    for (const n of ["repo", "repo#1", "repo#2", "repo#1#1"]) {
      await cube.add({ text: `Document ${n}.` }, { externalKey: n, ...UPDATE });
    }
    await cube.add({ text: "Document repo, new." }, { externalKey: "repo", ...UPDATE });
    await cube.add({ text: "Document repo#1, new." }, { externalKey: "repo#1", ...UPDATE });
    expect(textsOf((await cube.list()).items)).toEqual([
      "Document repo, new.",
      "Document repo#1, new.",
      "Document repo#2.",
      "Document repo#1#1.",
    ]);
  });

  test("parts don't meet a user's keys, stale ones are forgotten, and come back", async () => {
    const { cube } = await shared();
    await cube.add("mine", { externalKey: "doc#1" });
    const options = { externalKey: "doc", ...UPDATE };
    const long = await cube.add({ text: document(9) }, options);
    expect((await cube.getByKey("doc#1"))?.payload).toMatchObject({ text: "mine" });
    const short = await cube.add({ text: document(2) }, options);
    expect((await cube.list({ withTotal: true })).total).toBe(short.ids.length + 1);
    const again = await cube.add({ text: document(9) }, options);
    expect(again.ids).toHaveLength(long.ids.length);
    expect((await cube.list({ withTotal: true })).total).toBe(long.ids.length + 1);
    await expect(cube.add("x", { externalKey: "doc#part=1" })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });
});

describe("who holds a key", () => {
  test("a hidden holder is not told", async () => {
    const { cube, bobs } = await shared();
    const [hidden = ""] = (await cube.add("secret", { externalKey: "k", allow: [] })).ids;
    for (const options of [{}, UPDATE]) {
      const error: unknown = await bobs
        .add("mine", { externalKey: "k", ...options })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "MEMCUBE_DUPLICATE_KEY" });
      expect(JSON.stringify(error) + String(error)).not.toContain(hidden);
    }
    const batch = [
      { payload: { type: "text", text: "one" } },
      { payload: { type: "text", text: "two" }, externalKey: "k" },
    ];
    await expect(bobs.add(batch, UPDATE)).rejects.toMatchObject({ code: "MEMCUBE_DUPLICATE_KEY" });
    expect((await bobs.list()).items).toEqual([]);
  });

  test("an expired or forgotten holder gives the key up", async () => {
    const { cube, clock } = await shared();
    const [expired = ""] = (await cube.add("sale", { externalKey: "a", expiresAt: START + 1_000 }))
      .ids;
    const [forgotten = ""] = (await cube.add("old", { externalKey: "b" })).ids;
    await cube.forget(forgotten);
    clock.advance(2_000);
    const sale = await cube.add("new sale", { externalKey: "a" });
    const fresh = await cube.add("new", { externalKey: "b", ...UPDATE });
    expect([sale.added, fresh.added]).toEqual([1, 1]);
    expect([expired, forgotten]).not.toContain(sale.ids[0]);
    expect((await cube.getByKey("a"))?.payload).toMatchObject({ text: "new sale" });
    const back = await cube.rollback(forgotten, 1);
    expect(back.header.externalKey).toBeUndefined();
    expect((await cube.getByKey("b"))?.header.id).toBe(fresh.ids[0]);
    expect((await cube.verify()).problems).toEqual([]);
  });

  test("a writer who can't read keeps their own keys", async () => {
    const { os } = await shared();
    await os.as({ userId: "ada" }).createCube("box", { writers: ["user:bob"] });
    const box = await os.as({ userId: "bob" }).cube("box");
    const first = await box.add("one", { externalKey: "k" });
    expect((await box.add("one", { externalKey: "k" })).ids).toEqual(first.ids);
  });
});

describe('onDuplicate: "update"', () => {
  test("takes options along, in one commit with what is new", async () => {
    const { cube } = await shared();
    const turn = (id: string, content: string) => ({ id, role: "user", content });
    const first = await cube.add([turn("1", "one"), turn("2", "two")], { sessionId: "s" });
    const before = (await cube.position()).seq;
    const again = await cube.add([turn("1", "ONE"), turn("2", "two"), turn("3", "three")], {
      sessionId: "s",
      tags: ["edited"],
      note: "typo",
      priority: 3,
      ...UPDATE,
    });
    expect((await cube.position()).seq).toBe(before + 1);
    expect(again).toMatchObject({ added: 1, ids: [...first.ids, expect.any(String)] });
    const [one] = await cube.history(first.ids[0] as string);
    expect(one).toMatchObject({ note: "typo", header: { tags: ["edited"], priority: 3 } });
  });

  test("what did not change is not written, and turns keep their places", async () => {
    const { cube } = await shared();
    const turns = Array.from({ length: 4 }, (_, i) => ({
      id: `${i}`,
      role: "user",
      content: `t${i}`,
    }));
    for (let round = 0; round < 3; round++) await cube.add(turns, { sessionId: "s", ...UPDATE });
    const { items } = await cube.list();
    expect(items.map(({ version }) => version.number)).toEqual([1, 1, 1, 1]);
    const places = items.map(({ payload }) => (payload.type === "turn" ? payload.order : -1));
    expect(places).toEqual([0, 1, 2, 3]);
  });

  test("a growing list has places without gaps", async () => {
    const { cube } = await shared();
    const turns = Array.from({ length: 5 }, (_, i) => ({
      id: `${i}`,
      role: "user",
      content: `t${i}`,
    }));
    for (let n = 1; n <= 5; n++) await cube.add(turns.slice(0, n), { sessionId: "s" });
    const { items } = await cube.list();
    const places = items.map(({ payload }) => (payload.type === "turn" ? payload.order : -1));
    expect(places).toEqual([0, 1, 2, 3, 4]);
  });

  test("settled waits for the vectors of what was updated", async () => {
    const embedder = wordEmbedder();
    const { cube } = await shared({ embedder });
    await (await cube.add("apple", { externalKey: "k" })).settled();
    const again = await cube.add("pear", { externalKey: "k", ...UPDATE });
    expect(await again.settled()).toMatchObject({ finished: 1 });
    expect(embedder.calls).toBe(2);
  });

  test("an input of several batches: places go on, and progress tells the ids", async () => {
    const { cube } = await shared();
    const turns = Array.from({ length: 600 }, (_, i) => ({ role: "user", content: `turn ${i}` }));
    const stop = new AbortController();
    const ids: string[] = [];
    const adding = cube.add(turns, {
      sessionId: "s",
      signal: stop.signal,
      onProgress: (progress) => {
        ids.push(...progress.ids);
        if (progress.done >= 512) stop.abort(new Error("enough"));
      },
    });
    await expect(adding).rejects.toThrow("enough");
    expect(ids).toHaveLength(512);
    const { items } = await cube.list({ limit: 1_000 });
    expect(items.map(({ header }) => header.id)).toEqual(ids);
    const places = items.map(({ payload }) => (payload.type === "turn" ? payload.order : -1));
    expect(places).toEqual(Array.from({ length: 512 }, (_, i) => i));
  });
});
