import { afterEach, describe, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { testOS } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

function start() {
  const storage = memoryStorage();
  const { os } = testOS({ storage });
  opened.push(os);
  return { me: os.as({ userId: "ada" }), storage };
}

async function textsOf({ me }: ReturnType<typeof start>) {
  const { items } = await (await me.cube("user:ada")).list();
  return items.map(({ payload }) => ("text" in payload ? payload.text : undefined));
}

describe("absorb", () => {
  test("takes no instructions for memories", async () => {
    const started = start();
    const turns = [
      { role: "system", content: "You are helpful." },
      { role: "user", content: "I like tea." },
    ];
    const result = await started.me.absorb({ sessionId: "s", turns });
    expect(result).toMatchObject({ added: 1, skipped: 1 });
    expect(await textsOf(started)).toEqual(["I like tea."]);
  });

  test("does not remember what a plan said, wherever it was put", async () => {
    const started = start();
    const { me } = started;
    const cube = await me.cube("user:ada");
    await cube.add({ type: "preference", text: "Answer in metric units." });
    await me.absorb({ sessionId: "a", turns: [{ role: "user", content: "My dog is Biscuit." }] });
    const question = "What is my dog called?";
    const plan = await me.prepare({ messages: [{ role: "user", content: question }] });
    expect(plan.stable).not.toBe("");
    expect(plan.volatile).not.toBe("");
    const turns = [
      { role: "user", content: plan.stable },
      { role: "user", content: `${plan.volatile}\n\n${question}` },
      { role: "user", content: `And the cat?\n\n${plan.volatile}` },
    ];
    const result = await me.absorb({ sessionId: "b", turns });
    expect(result).toMatchObject({ added: 2, skipped: 1 });
    expect((await textsOf(started)).slice(2)).toEqual([question, "And the cat?"]);
  });

  test("does not remember what memory's own tools were asked and answered", async () => {
    const started = start();
    const call = (id: string, name: string) => ({
      id,
      type: "function",
      function: { name, arguments: '{"query":"tea"}' },
    });
    const result = await started.me.absorb({
      sessionId: "s",
      turns: [
        { role: "user", content: "Which tea do I like?" },
        { role: "assistant", content: null, tool_calls: [call("c1", "search_memory")] },
        { role: "tool", tool_call_id: "c1", content: '{"memories":[{"text":"old"}]}' },
        {
          role: "assistant",
          content: "One moment.",
          tool_calls: [call("c2", "search_memory"), call("c3", "shop")],
        },
        { role: "tool", tool_call_id: "c2", name: "search_memory", content: "again" },
        { role: "tool", tool_call_id: "c3", content: "open until six" },
        {
          role: "assistant",
          content: "",
          tool_calls: [call("c4", "add_memory"), call("c5", "shop")],
        },
      ],
    });
    expect(result).toMatchObject({ added: 4, skipped: 3 });
    const { items } = await (await started.me.cube("user:ada")).list();
    expect(items.map(({ payload }) => payload)).toMatchObject([
      { text: "Which tea do I like?" },
      { text: "One moment.", toolCalls: [{ id: "c3" }] },
      { text: "open until six" },
      { text: 'shop {"query":"tea"}', toolCalls: [{ id: "c5" }] },
    ]);
  });

  test.each(["skip", "update"] as const)(
    "what was forgotten does not come back with its conversation (%s)",
    async (onDuplicate) => {
      const started = start();
      const turns = [
        { id: "1", role: "user", content: "My salary is 5000." },
        { id: "2", role: "user", content: "I like tea." },
      ];
      const { ids } = await started.me.absorb({ sessionId: "s", turns });
      const cube = await started.me.cube("user:ada");
      await cube.forget(ids[0]!);
      const again = await started.me.absorb({ sessionId: "s", turns, onDuplicate });
      expect(again).toMatchObject({ ids, added: 0 });
      expect(await textsOf(started)).toEqual(["I like tea."]);
      // Whoever adds it by name wants it.
      expect(await cube.add(turns[0], { sessionId: "s" })).toMatchObject({ added: 1 });
    },
  );

  test("without keepTools no tool is remembered, what was said beside the call is", async () => {
    const started = start();
    const tool_calls = [{ id: "c1", function: { name: "shop", arguments: "{}" } }];
    const turns = [
      { role: "user", content: "Is the shop open?" },
      { role: "assistant", content: "Let me see.", tool_calls },
      { role: "tool", tool_call_id: "c1", content: "open until six" },
      { role: "assistant", content: null, tool_calls: [{ ...tool_calls[0], id: "c2" }] },
      { role: "tool", tool_call_id: "c2", content: "no news" },
      { role: "assistant", content: "Until six." },
    ];
    await started.me.absorb({ sessionId: "s", turns, keepTools: false });
    expect(await textsOf(started)).toEqual(["Is the shop open?", "Let me see.", "Until six."]);
  });

  test("two keyed turns of a known session: a look at keys and session, a commit", async () => {
    const { me, storage } = start();
    const cube = await me.cube("user:ada");
    const turns = ["1", "2", "3", "4"].map((id) => ({ id, role: "user", content: `turn ${id}` }));
    await cube.add(turns.slice(0, 2), { sessionId: "s" });
    const calls: string[] = [];
    const { vault } = storage;
    for (const name of ["cube", "readByKey", "list", "read", "commit", "position"] as const) {
      const original = vault[name].bind(vault) as (...args: unknown[]) => unknown;
      (vault as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
        calls.push(name);
        return original(...args);
      };
    }
    await cube.add(turns.slice(2), { sessionId: "s" });
    expect(calls).toEqual(["readByKey", "list", "commit"]);
    calls.length = 0;
    await cube.add("plain");
    expect(calls).toEqual(["commit"]);
  });
});
