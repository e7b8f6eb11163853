/** The store where it is used: in nodes of a graph, and in tools of an agent. */
import { memoryStorage } from "@memcube/core/testing";
import {
  Annotation,
  END,
  type LangGraphRunnableConfig,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { AIMessage, createAgent, fakeModel, HumanMessage, tool, type ToolRuntime } from "langchain";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { z } from "zod";

import { worlds } from "./store-world.ts";

const newWorld = worlds(() => memoryStorage());
/** What is there is LangGraph's store; the type names the key-value store of the same name. */
const storeOf = ({ store }: ToolRuntime) => store as unknown as BaseStore | null;
const State = Annotation.Root({ question: Annotation<string>, answer: Annotation<string> });

test("nodes read and write through runtime.store, also side by side", async () => {
  const { store } = await newWorld();
  const learn = async (_: typeof State.State, config: LangGraphRunnableConfig) => {
    await Promise.all([
      config.store?.put(["users", "ada", "a.b"], "food", { text: "Ada eats pasta" }),
      config.store?.put(["users", "ada"], "work", { text: "Ada repairs clocks", done: false }),
      config.store?.put(["users", "adam"], "work", { text: "Adam repairs clocks" }),
    ]);
    return {};
  };
  const answer = async ({ question }: typeof State.State, config: LangGraphRunnableConfig) => {
    const [found, filtered, got] = await Promise.all([
      config.store?.search(["users", "ada"], { query: question, limit: 3 }),
      config.store?.search(["users", "ada"], { filter: { done: false } }),
      config.store?.get(["users", "ada", "a.b"], "food"),
    ]);
    const texts = [found?.[0], filtered?.[0], got].map((item): unknown => item?.value["text"]);
    return { answer: texts.join("; ") };
  };
  const graph = new StateGraph(State)
    .addNode("learn", learn)
    .addNode("respond", answer)
    .addEdge(START, "learn")
    .addEdge("learn", "respond")
    .addEdge("respond", END)
    .compile({ store });
  const result = await graph.invoke({ question: "What does Ada repair?" });
  expect(result.answer).toBe("Ada repairs clocks; Ada repairs clocks; Ada eats pasta");
});

test("a tool of an agent remembers in one conversation and knows in the next", async () => {
  const { store, os } = await newWorld({ scope: { caller: { userId: "ada" } } });
  const remember = tool(
    async ({ key, text }: { key: string; text: string }, runtime: ToolRuntime) => {
      await storeOf(runtime)?.put(["memories"], key, { text });
      return "kept";
    },
    { name: "remember", description: "d", schema: z.object({ key: z.string(), text: z.string() }) },
  );
  const recall = tool(
    async ({ query }: { query: string }, runtime: ToolRuntime) => {
      const items = await storeOf(runtime)?.search(["memories"], { query });
      return (items ?? []).map(({ value }) => String(value["text"])).join("\n");
    },
    { name: "recall", description: "d", schema: z.object({ query: z.string() }) },
  );
  const model = fakeModel()
    .respondWithTools([
      { name: "remember", args: { key: "tea", text: "Ada drinks green tea" } },
      { name: "remember", args: { key: "cat", text: "Ada has a cat named Ludo" } },
    ])
    .respond(new AIMessage("I will remember."))
    .respondWithTools([{ name: "recall", args: { query: "What is the cat called?" } }])
    .respond(new AIMessage("Ludo."));
  const agent = createAgent({ model, tools: [remember, recall], store });
  await agent.invoke({ messages: [new HumanMessage("I drink green tea and have a cat, Ludo.")] });
  const second = await agent.invoke({ messages: [new HumanMessage("My cat's name?")] });
  const toolText = second.messages.find((message) => message.type === "tool")?.text;
  expect(toolText?.split("\n")[0]).toBe("Ada has a cat named Ludo");
  const cube = await os.as({ userId: "ada" }).cube("user:ada");
  expect((await cube.search("cat")).text).toContain("Ludo");
});

test("a value that is no JSON is refused with its place, and nothing of the batch is written", async () => {
  const { store } = await newWorld();
  class Money {
    readonly amount = 1;
  }
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const bad = [
    [{ a: [{ b: new Map() }] }, "value.a[0].b is a Map"],
    [{ price: new Money() }, "value.price is a Money"],
    [{ when: () => 1 }, "value.when is a function"],
    [{ n: 1n }, "value.n is a bigint"],
    [{ n: Number.NaN }, "value.n is NaN"],
    [cyclic, "value.self is a value that contains itself"],
    [JSON.parse('{"a":{"__proto__":1}}') as unknown, "value.a is a value with a key __proto__"],
    [undefined, "value is undefined"],
  ] as const;
  for (const [value, message] of bad) {
    const batch = store.batch([
      { namespace: ["n"], key: "good", value: { v: 1 } },
      { namespace: ["n"], key: "bad", value: value as never },
    ]);
    await expect(batch).rejects.toThrow(message);
    await expect(batch).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
  }
  expect(await store.search(["n"])).toEqual([]);
  const value = { when: new Date(0), left: undefined, list: [1, undefined] };
  await store.put(["n"], "dates", value);
  expect((await store.get(["n"], "dates"))?.value).toEqual({
    when: "1970-01-01T00:00:00.000Z",
    list: [1, null],
  });
});

test("a value that is too large is refused; large batches go through", async () => {
  const { store } = await newWorld();
  const large = store.batch([
    { namespace: ["n"], key: "small", value: { v: 1 } },
    { namespace: ["n"], key: "large", value: { text: "x".repeat(1_100_000) } },
  ]);
  await expect(large).rejects.toMatchObject({ code: "MEMCUBE_LIMIT_EXCEEDED" });
  const puts = Array.from({ length: 1_100 }, (_, n) => ({
    namespace: ["n"],
    key: `k${n}`,
    value: { n },
  }));
  await store.batch(puts);
  const gets = puts.map(({ namespace, key }) => ({ namespace, key }));
  expect(await store.batch(gets)).toMatchObject(puts);
  expect(await store.search(["n"], { limit: 2_000, offset: 50 })).toHaveLength(1_050);
  await store.batch(puts.map((put) => ({ ...put, value: null })));
  expect(await store.search(["n"], { limit: 2_000 })).toEqual([]);
});

test("put refuses the namespaces that BaseStore refuses; options are checked", async () => {
  const { store, another } = await newWorld();
  for (const namespace of [[], ["a.b"], [""], ["langgraph", "x"]]) {
    await expect(store.put(namespace, "k", { v: 1 })).rejects.toThrow(/amespace/);
  }
  const deep = Array.from({ length: 32 }, (_, n) => String(n));
  await expect(store.put(deep, "k", { v: 1 })).rejects.toMatchObject({
    code: "MEMCUBE_INVALID_INPUT",
  });
  await expect(store.put(["n"], "a\0b", { v: 1 })).rejects.toThrow("put.key");
  const wrong = [
    { ttl: { defaultMs: 0 } },
    { ttl: { defaultMs: 1, refreshAfter: 2 } },
    { deletion: "burn" as never },
    { index: { fields: [1] as never } },
    { namespace: ["x"] } as never,
  ];
  for (const options of wrong) expect(() => another(options)).toThrow("MemCubeStore");
});

test("an item that is changed by who reads it stays what it is", async () => {
  const { store } = await newWorld();
  await store.put(["n"], "k", { list: [1] });
  for (let i = 0; i < 2; i++) {
    const [item] = await store.search(["n"], { query: "list" });
    expect(item?.value).toEqual({ list: [1] });
    item?.value["list"].push(2);
  }
});
