import { afterEach, describe, expect, test } from "vitest";

import { testOS } from "../../../testing/test-os.ts";
import type { MemOS, MemSession } from "../index.ts";
import { MEMORY_TOOL_NAMES, type MemoryToolName, type MemoryToolOptions } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

function start() {
  const { os, storage } = testOS();
  opened.push(os);
  return { os, me: os.as({ userId: "ada" }), storage };
}

/** What tools say, as these tests look at it. */
interface Told {
  readonly [field: string]: unknown;
  readonly memories: readonly { readonly id: string; readonly text: string }[];
  readonly noted: { readonly id: string };
}

async function call(
  me: MemSession,
  name: MemoryToolName,
  input: unknown,
  options?: MemoryToolOptions,
): Promise<Told> {
  const tool = me.tools(options).find((each) => each.name === name);
  return (await tool!.execute(input)) as unknown as Told;
}

describe("tools", () => {
  test("are offered in one order, some or all of them, with a schema for models", () => {
    const { me } = start();
    expect(me.tools().map(({ name }) => name)).toEqual(MEMORY_TOOL_NAMES);
    const some = me.tools({ only: ["forget_memory", "search_memory"] });
    expect(some.map(({ name }) => name)).toEqual(["search_memory", "forget_memory"]);
    expect(some[0]!.jsonSchema).toMatchObject({
      type: "object",
      required: ["query"],
      properties: { query: { type: "string" }, limit: { type: "integer", default: 8 } },
    });
    expect(() => me.tools({ only: ["drop_table" as MemoryToolName] })).toThrow(/only/);
  });

  test("searching creates nothing and finds nothing where nobody has written", async () => {
    const { me } = start();
    const found = await call(me, "search_memory", { query: "tea" });
    expect(found).toEqual({ memories: [], confidence: 0 });
    expect((await me.listCubes()).items).toEqual([]);
  });

  test("what was noted is found with its provenance, and noted once", async () => {
    const { me } = start();
    const options = { sessionId: "s1" };
    const noted = await call(me, "add_memory", { text: "Ada's dog is Biscuit." }, options);
    expect(noted["isNew"]).toBe(true);
    const again = await call(me, "add_memory", { text: "Ada's dog is Biscuit." }, options);
    expect(again).toEqual({ ...noted, isNew: false });
    const { memories } = await call(me, "search_memory", { query: "What is the dog called?" });
    expect(memories).toEqual([
      {
        id: expect.any(String),
        text: "Ada's dog is Biscuit.",
        kind: "fact",
        when: "2026-01-05T10:00Z",
        session: "s1",
      },
    ]);
  });

  test("a turn tells who said it; a foreign memory tells its owner", async () => {
    const { os, me } = start();
    const team = await me.createCube("team", { allow: ["everyone"], writers: ["user:bob"] });
    const turn = { id: "m1", role: "user", content: "The launch is in May.", name: "Ada" };
    await team.add([turn], { sessionId: "s" });
    const bob = os.as({ userId: "bob" });
    const options = { cube: "team" };
    const { memories } = await call(bob, "search_memory", { query: "launch" }, options);
    expect(memories[0]).toMatchObject({ saidBy: "Ada", owner: "user:ada", session: "s" });
  });

  test("a corrected fact says the new text under its id; the old one is history", async () => {
    const { me } = start();
    const noted = await call(me, "add_memory", { text: "Ada lives in Oslo." });
    const { id } = noted.noted;
    const input = { id, text: "Ada lives in Bergen.", reason: "she moved" };
    expect(await call(me, "correct_memory", input)).toMatchObject({
      corrected: { id, text: "Ada lives in Bergen." },
    });
    const { memories } = await call(me, "search_memory", { query: "Where does Ada live?" });
    expect(memories).toMatchObject([{ id, text: "Ada lives in Bergen." }]);
    const versions = await (await me.cube("user:ada")).history(id);
    expect(versions[0]).toMatchObject({ note: "she moved" });
    expect(versions.map(({ payload }) => (payload as { text: string }).text)).toEqual([
      "Ada lives in Bergen.",
      "Ada lives in Oslo.",
    ]);
  });

  test("a corrected turn is a fact of the same session, and absorbing it again changes nothing", async () => {
    const { me } = start();
    const turns = [{ id: "m1", role: "user", content: "My train leaves at nine." }];
    const { ids } = await me.absorb({ sessionId: "s", turns });
    await call(me, "correct_memory", { id: ids[0], text: "Ada's train leaves at ten." });
    await me.absorb({ sessionId: "s", turns });
    const { items } = await (await me.cube("user:ada")).list({ sessionId: "s" });
    expect(items.map(({ payload }) => payload)).toEqual([
      { type: "fact", text: "Ada's train leaves at ten." },
    ]);
  });

  test("what was forgotten is not found", async () => {
    const { me } = start();
    const noted = await call(me, "add_memory", { text: "Ada plays the cello." });
    const { id } = noted.noted;
    expect(await call(me, "forget_memory", { id })).toEqual({ forgotten: id });
    expect(await call(me, "search_memory", { query: "cello" })).toMatchObject({ memories: [] });
    expect(await call(me, "forget_memory", { id })).toMatchObject({
      code: "MEMCUBE_BAD_TRANSITION",
    });
  });

  test.each([
    ["no such id", "correct_memory", { id: "nope", text: "x" }, "MEMCUBE_MEMORY_NOT_FOUND"],
    ["no id", "forget_memory", {}, "MEMCUBE_INVALID_INPUT"],
    ["nothing to note", "add_memory", { text: "  " }, "MEMCUBE_INVALID_INPUT"],
    ["a wrong kind", "add_memory", { text: "a", kind: "rumour" }, "MEMCUBE_INVALID_INPUT"],
  ] as const)("%s is told to the model", async (_, name, input, code) => {
    const { me } = start();
    await me.cube("user:ada");
    const answer = await call(me, name, input);
    expect(answer).toEqual({ error: expect.any(String), code });
  });

  test("frozen, foreign and read-only memories are left alone", async () => {
    const { os, me } = start();
    const team = await me.createCube("team", { allow: ["user:bob"], writers: [] });
    const { ids } = await team.add({ type: "fact", text: "Rent is due on Monday." });
    const input = { id: ids[0]!, text: "Rent is due on Friday." };
    const bob = os.as({ userId: "bob" });
    const foreign = await call(bob, "correct_memory", input, { cube: "team" });
    expect(foreign["code"]).toBe("MEMCUBE_FORBIDDEN");
    const stranger = await call(os.as({ userId: "eve" }), "correct_memory", input, {
      cube: "team",
    });
    expect(stranger["code"]).toBe("MEMCUBE_CUBE_NOT_FOUND");
    await team.update(ids[0]!, { frozen: true });
    const frozen = await call(me, "forget_memory", { id: ids[0] }, { cube: "team" });
    expect(frozen["code"]).toBe("MEMCUBE_FROZEN");
    expect((await team.get(ids[0]!))?.payload).toMatchObject({ text: "Rent is due on Monday." });
  });

  test("results are bounded: long texts are cut, and rows stop before a page is full", async () => {
    const { me } = start();
    const cube = await me.cube("user:ada");
    const words = Array.from({ length: 700 }, (_, i) => `word${i}`).join(" ");
    for (let i = 0; i < 12; i++) await cube.add({ type: "fact", text: `Zebra ${i}: ${words}` });
    const found = await call(me, "search_memory", { query: "zebra", limit: 12 });
    const memories = found.memories;
    expect(memories.length).toBeGreaterThan(0);
    expect(memories.length).toBeLessThan(6);
    expect(memories[0]!.text).toMatch(/ \[\.\.\.\]$/);
  });

  test("what a model can't mend is thrown", async () => {
    const { os, me } = start();
    const [search] = me.tools();
    await os.close();
    await expect(search!.execute({ query: "x" })).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(search!.execute({ query: "x" }, { signal })).rejects.toThrow("gone");
  });
});
