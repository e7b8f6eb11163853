import { afterEach, describe, expect, test } from "vitest";

import { MemCubeError } from "../../errors.ts";
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

const CONVERSATION = [
  { role: "user", content: "I moved from Turin to Porto last spring." },
  { role: "assistant", content: "Porto is lovely. How is the new flat?" },
  { role: "user", content: "Small, but I see the river. My dog Biscuit loves it." },
];

describe("add and search", () => {
  test("a conversation goes in and a question finds it", async () => {
    const { cube } = await trips();
    const added = await cube.add(CONVERSATION, { sessionId: "s1", speaker: { user: "Ada" } });
    expect(added.ids).toHaveLength(3);
    expect(added.rejected).toEqual([]);
    const found = await cube.search("Where did Ada move to?");
    expect(found.hits[0]?.memory.payload).toMatchObject({ text: CONVERSATION[0]?.content });
    expect(found.hits[0]?.memory.header).toMatchObject({
      id: added.ids[0],
      owner: "user:ada",
      type: "turn",
    });
    expect(found.text).toContain("Porto");
    expect(found.tokens).toBeGreaterThan(0);
    expect(found.positions["trips"]).toEqual(added.position);
  });

  test("a budget bounds the text and the hits are what is in it", async () => {
    const { cube } = await trips();
    const lines = Array.from(
      { length: 60 },
      (_, i) => `Note ${i}: the river walk is ${i} km long.`,
    );
    await cube.add(lines);
    const found = await cube.search("river walk", { budgetTokens: 100 });
    expect(found.tokens).toBeLessThanOrEqual(100);
    expect(found.hits.map((hit) => hit.memory.header.id)).toEqual(
      found.included.map(({ id }) => id),
    );
    expect(found.hits.length).toBeGreaterThan(2);
  });

  test("good items are stored, bad ones reported with their place", async () => {
    const { cube } = await trips();
    const added = await cube.add([{ role: "user", content: "good" }, { role: 7 }, null]);
    expect(added.ids).toHaveLength(1);
    expect(added.rejected).toHaveLength(2);
    expect(added.rejected[0]?.position).toContain("1");
  });

  test("typed payloads keep their type, header options their place", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add(
      { type: "preference", text: "Ada never flies before nine.", holder: "Ada" },
      { tags: ["travel"], priority: 5, validFrom: new Date(START), externalKey: "pref-1" },
    );
    const memory = await cube.get(ids[0] as string);
    expect(memory?.header).toMatchObject({
      type: "preference",
      tags: ["travel"],
      priority: 5,
      validFrom: START,
      externalKey: "pref-1",
    });
  });

  test("the same external key is the same memory; update replaces its content", async () => {
    const { cube } = await trips();
    const first = await cube.add("The code is 1234.", { externalKey: "code" });
    const again = await cube.add("The code is 9999.", { externalKey: "code" });
    expect(again.ids).toEqual(first.ids);
    expect(again.added).toBe(0);
    await cube.add("The code is 9999.", { externalKey: "code", onDuplicate: "update" });
    const memory = await cube.get(first.ids[0] as string);
    expect(memory?.payload).toMatchObject({ text: "The code is 9999." });
    expect(memory?.version.number).toBe(2);
  });

  test("an idempotency key writes once and gives the first ids again", async () => {
    const { cube } = await trips();
    const first = await cube.add(["one", "two"], { idempotencyKey: "job-7" });
    const again = await cube.add(["one", "two"], { idempotencyKey: "job-7" });
    expect(again.ids).toEqual(first.ids);
    expect((await cube.list({ withTotal: true })).total).toBe(2);
  });

  test("turns of later calls come after the earlier ones of their session", async () => {
    const { cube } = await trips();
    await cube.add(CONVERSATION.slice(0, 2), { sessionId: "s" });
    await cube.add(CONVERSATION.slice(2), { sessionId: "s" });
    const { items } = await cube.list({ sessionId: "s" });
    expect(items.map(({ payload }) => (payload.type === "turn" ? payload.order : -1))).toEqual([
      0, 1, 2,
    ]);
  });

  test("pages, totals and sessions of a listing", async () => {
    const { cube } = await trips();
    await cube.add(Array.from({ length: 25 }, (_, i) => `note ${i}`));
    const first = await cube.list({ limit: 10, withTotal: true });
    expect(first.total).toBe(25);
    const texts: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await cube.list({ limit: 10, ...(cursor === undefined ? {} : { cursor }) });
      texts.push(...page.items.map(({ payload }) => (payload as { text: string }).text));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(texts).toEqual(Array.from({ length: 25 }, (_, i) => `note ${i}`));
  });

  test("an aborted signal stops before anything is written", async () => {
    const { cube } = await trips();
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(cube.add("x", { signal })).rejects.toThrow("stop");
    await expect(cube.search("x", { signal })).rejects.toThrow("stop");
    expect((await cube.list({ withTotal: true })).total).toBe(0);
  });

  test("bad options name the field", async () => {
    const { cube } = await trips();
    await expect(cube.search("x", { limit: 0 })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
      message: expect.stringContaining("limit"),
    });
    await expect(cube.add("x", { colour: "red" } as never)).rejects.toBeInstanceOf(MemCubeError);
  });
});

describe("update, forget, erase, rollback", () => {
  test("every update is a version; search sees the new one only", async () => {
    const { cube, clock } = await trips();
    const { ids } = await cube.add(
      { type: "fact", text: "Ada lives in Turin." },
      { tags: ["home"] },
    );
    const id = ids[0] as string;
    clock.advance(1_000);
    const updated = await cube.update(id, {
      text: "Ada lives in Porto.",
      note: "moved",
      tags: ["new"],
    });
    expect(updated.version.number).toBe(2);
    expect(updated.header.tags).toEqual(["home", "new"]);
    expect((await cube.search("Turin")).hits).toEqual([]);
    expect((await cube.search("Porto")).hits[0]?.memory.header.id).toBe(id);
    const history = await cube.history(id);
    expect(history.map((memory) => memory.version.number)).toEqual([2, 1]);
    expect(history[0]?.note).toBe("moved");
    expect(history[1]?.version.toSeq).toBe(history[0]?.version.fromSeq);
  });

  test("append and overwrite", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add({ type: "fact", text: "One.", subject: "count" });
    const id = ids[0] as string;
    expect((await cube.update(id, { text: "Two." }, { mode: "append" })).payload).toMatchObject({
      text: "One.\nTwo.",
      subject: "count",
    });
    const over = await cube.update(id, { payload: { text: "Three." } }, { mode: "overwrite" });
    expect(over.payload).toEqual({ type: "fact", text: "Three." });
  });

  test("an expected version that is not the current one is a conflict and changes nothing", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add("a");
    const id = ids[0] as string;
    await cube.update(id, { text: "b" });
    await expect(cube.update(id, { text: "c" }, { expectedVersion: 1 })).rejects.toMatchObject({
      code: "MEMCUBE_CONFLICT",
      details: { expected: 1, actual: 2 },
    });
    expect((await cube.get(id))?.payload).toMatchObject({ text: "b" });
  });

  test("concurrent updates without an expected version all take effect", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add({ type: "fact", text: "log:" });
    const id = ids[0] as string;
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => cube.update(id, { text: name }, { mode: "append" })));
    const memory = await cube.get(id);
    const text = memory?.payload.type === "fact" ? memory.payload.text : "";
    const lines = text.split("\n");
    expect(lines.slice(1).sort()).toEqual(names);
    expect(memory?.version.number).toBe(7);
  });

  test("an update that changes nothing writes nothing", async () => {
    const { cube } = await trips();
    const { ids, position } = await cube.add("same");
    await cube.update(ids[0] as string, { text: "same" });
    const after = await cube.position();
    const updated = await cube.update(ids[0] as string, { text: "same" });
    expect(await cube.position()).toEqual(after);
    expect(updated.version.number).toBeLessThanOrEqual(2);
    expect(position.seq).toBe(2);
  });

  test("forgotten is not found, but can come back", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add("The safe is behind the painting.");
    const id = ids[0] as string;
    await cube.forget(id);
    expect((await cube.search("safe painting")).hits).toEqual([]);
    expect((await cube.list()).items).toEqual([]);
    expect((await cube.list({ states: ["forgotten"] })).items).toHaveLength(1);
    await expect(cube.forget(id)).rejects.toMatchObject({ code: "MEMCUBE_BAD_TRANSITION" });
    await cube.rollback(id, 1);
    expect((await cube.search("safe painting")).hits).toHaveLength(1);
    expect((await cube.get(id))?.version.number).toBe(3);
  });

  test("erased content is nowhere, the log still says that it was", async () => {
    const { cube, storage } = await trips();
    const { ids } = await cube.add("My secret is xylophone.");
    const id = ids[0] as string;
    await cube.update(id, { text: "My secret is xylophone, really." });
    expect(await cube.erase(id)).toEqual([id]);
    expect(await cube.get(id)).toBeUndefined();
    expect(await cube.history(id)).toEqual([]);
    expect((await cube.search("xylophone")).hits).toEqual([]);
    expect(await cube.erase(id)).toEqual([]);
    const ops: string[] = [];
    for await (const change of cube.log()) ops.push(change.op);
    expect(ops).toEqual(["cube.create", "add", "update", "erase"]);
    const ref = { tenantId: "default", cubeId: "trips" };
    const log = JSON.stringify(await storage.vault.log(ref, { afterSeq: 0, limit: 100 }));
    expect(log).not.toContain("xylophone");
    expect((await cube.verify()).problems).toEqual([]);
  });

  test("a frozen memory refuses changes until it is thawed", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add("fixed");
    const id = ids[0] as string;
    await cube.update(id, { frozen: true });
    await expect(cube.update(id, { text: "x" })).rejects.toMatchObject({ code: "MEMCUBE_FROZEN" });
    await expect(cube.forget(id)).rejects.toMatchObject({ code: "MEMCUBE_FROZEN" });
    await expect(cube.update(id, { frozen: false, text: "x" })).rejects.toMatchObject({
      code: "MEMCUBE_FROZEN",
    });
    await cube.update(id, { frozen: false, note: "thaw" });
    await cube.update(id, { text: "x" });
    expect((await cube.get(id))?.payload).toMatchObject({ text: "x" });
  });

  test("expired memories are gone for search, get and list", async () => {
    const { cube, clock } = await trips();
    const { ids } = await cube.add("The sale ends soon.", { expiresAt: START + 5_000 });
    expect((await cube.search("sale")).hits).toHaveLength(1);
    clock.advance(6_000);
    expect((await cube.search("sale")).hits).toEqual([]);
    expect(await cube.get(ids[0] as string)).toBeUndefined();
    expect((await cube.list()).items).toEqual([]);
  });
});

describe("time machine and log", () => {
  test("the cube at a position and at a time", async () => {
    const { cube, clock } = await trips();
    const { ids, position } = await cube.add("The meeting is on Monday.");
    clock.advance(60_000);
    await cube.update(ids[0] as string, { text: "The meeting is on Friday." });
    await cube.add("Later news.");
    const then = await cube.at(position);
    expect((await then.list({ withTotal: true })).total).toBe(1);
    expect((await then.get(ids[0] as string))?.payload).toMatchObject({
      text: "The meeting is on Monday.",
    });
    expect((await then.search("meeting")).hits[0]?.memory.payload).toMatchObject({
      text: "The meeting is on Monday.",
    });
    const byTime = await cube.at(new Date(START + 1_000));
    expect(byTime.position).toEqual(position);
    await expect(cube.at(START - 1)).rejects.toMatchObject({ code: "MEMCUBE_POSITION_LOST" });
    await expect(cube.at({ ...position, head: "0".repeat(64) })).rejects.toMatchObject({
      code: "MEMCUBE_POSITION_LOST",
    });
  });

  test("changes tell who, when, what and by which rule; since goes on from there", async () => {
    const { cube } = await trips();
    const { position, ids } = await cube.add("a");
    await cube.update(ids[0] as string, { text: "b" });
    const changes = [];
    for await (const change of cube.log({ since: position })) changes.push(change);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      op: "update",
      memoryId: ids[0],
      version: 2,
      actor: { userId: "ada" },
      decision: { rules: ["cube-owner"] },
      at: START,
    });
  });

  test("following a log sees what happens next", async () => {
    const { cube } = await trips();
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const change of cube.log({ follow: true, signal: stop.signal })) {
        seen.push(change.op);
        if (seen.length === 2) stop.abort();
      }
    })();
    await cube.add("news");
    await reading;
    expect(seen).toEqual(["cube.create", "add"]);
  });

  test("lines that point to a memory are found from it", async () => {
    const { cube } = await trips();
    const { ids } = await cube.add("source");
    const to = { cubeId: "trips", id: ids[0] as string };
    const derived = await cube.add("derived", { edges: [{ type: "derived-from", to }] });
    const found = await cube.dependents(ids[0] as string);
    expect(found.items.map((edge) => edge.from)).toEqual(derived.ids);
    expect((await cube.dependents(derived.ids[0] as string)).items).toEqual([]);
  });

  test("export and import keep ids and times", async () => {
    const { cube, me } = await trips();
    await cube.add(CONVERSATION, { sessionId: "s1" });
    const lines = [];
    for await (const line of cube.export()) lines.push(JSON.parse(JSON.stringify(line)));
    const other = await me.createCube("copy");
    const result = await other.import([...lines, { broken: true }]);
    expect(result).toMatchObject({ imported: 3, existing: 0, rejected: [{ line: 4 }] });
    expect((await other.import(lines)).existing).toBe(3);
    expect((await other.list()).items.map((memory) => memory.header.id)).toEqual(
      (await cube.list()).items.map((memory) => memory.header.id),
    );
  });
});
