import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  Command,
  END,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  // eslint-disable-next-line memcube/layers -- only the test runs graphs
} from "@langchain/langgraph";
import { createMemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { expect, test } from "vitest";

import { MemCubeSaver } from "./saver.ts";
import { MemCubeStore } from "./store.ts";

// What must work with the oldest LangGraph that the package allows, too; all else is in test/langgraph.

const config = { configurable: { thread_id: "t" } };
const saver = () => new MemCubeSaver({ os: createMemOS({ storage: memoryStorage() }) });

test("a graph is interrupted, goes on, and is forked from its past", async () => {
  const State = Annotation.Root({
    log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  });
  const graph = new StateGraph(State)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("ask", () => ({ log: [String(interrupt("ok?"))] }))
    .addEdge(START, "a")
    .addEdge("a", "ask")
    .addEdge("ask", END)
    .compile({ checkpointer: saver() });
  await graph.invoke({ log: [] }, config);
  expect((await graph.getState(config)).next).toEqual(["ask"]);
  const done = await graph.invoke(new Command({ resume: "yes" }), config);
  expect(done.log).toEqual(["a", "yes"]);
  const history = [];
  for await (const state of graph.getStateHistory(config)) history.push(state);
  expect(history.map(({ next }) => next[0])).toEqual([undefined, "ask", "a", "__start__"]);
  const fork = await graph.updateState(history[1]?.config ?? config, { log: ["fork"] });
  await graph.invoke(null, fork);
  expect((await graph.getState(config)).values.log).toEqual(["a", "fork"]);
});

test("messages of many turns come back as they were", async () => {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", ({ messages }) => ({ messages: [new AIMessage(`${messages.length}`)] }))
    .addEdge(START, "model")
    .addEdge("model", END)
    .compile({ checkpointer: saver() });
  for (let turn = 0; turn < 30; turn += 1) {
    await graph.invoke({ messages: [new HumanMessage(`turn ${turn} `.repeat(20))] }, config);
  }
  const { messages } = (await graph.getState(config)).values as typeof MessagesAnnotation.State;
  expect(messages).toHaveLength(60);
  expect(messages.at(-1)?.content).toBe("59");
  expect(messages[0]).toBeInstanceOf(HumanMessage);
});

test("options are checked when a saver or store is made", () => {
  const os = createMemOS({ storage: memoryStorage() });
  for (const Made of [MemCubeSaver, MemCubeStore]) {
    const made = (options: object) => () => new Made(options as never);
    expect(made({})).toThrow(`${Made.name}.os: not a memory OS`);
    expect(made({ os: Promise.resolve(os) })).toThrow(`${Made.name}.os: not a memory OS`);
    expect(made({ os, scope: { userId: "ada" } })).toThrow(`${Made.name}.scope: unknown userId`);
    expect(made({ os, ttl: "1d" })).toThrow("MemCube");
    expect(made({ os, scopes: {} })).toThrow(/Unrecognized key: "scopes"/u);
  }
  expect(() => new MemCubeSaver({ os, serde: {} as never })).toThrow(/serde/u);
});
