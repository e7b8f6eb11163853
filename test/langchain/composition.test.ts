/** The middleware among LangChain's own, in graphs, in streams: what people put together. */
import { AIMessage, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Command, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createMemOS, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { memcubeMiddleware } from "@memcube/langchain";
import { MemCubeSaver, MemCubeStore } from "@memcube/langgraph";
import {
  type AgentMiddleware,
  contextEditingMiddleware,
  createAgent,
  createMiddleware,
  dynamicSystemPromptMiddleware,
  fakeModel,
  humanInTheLoopMiddleware,
  modelCallLimitMiddleware,
  modelRetryMiddleware,
  piiMiddleware,
  summarizationMiddleware,
  todoListMiddleware,
  tool,
  toolCallLimitMiddleware,
  toolRetryMiddleware,
} from "langchain";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** A memory OS, and its middleware: whatever fails in it fails the test. */
function start() {
  const os = createMemOS({ storage: memoryStorage() });
  opened.push(os);
  const failures: unknown[] = [];
  const remembering = (options: { tools?: boolean; name?: string } = {}) =>
    memcubeMiddleware({ os, ...options, onError: (error) => failures.push(error) });
  return { os, remembering, failures };
}

const says = (text: string) => ({ messages: [new HumanMessage(text)] });
const on = (thread_id: string) => ({ configurable: { thread_id }, context: { userId: "ada" } });

async function keptOf(os: MemOS, userId = "ada"): Promise<readonly string[]> {
  const { items } = await (await os.as({ userId }).cube(`user:${userId}`)).list();
  return items.map(({ payload }) =>
    payload.type === "turn" ? `${payload.role}: ${payload.text}` : payload.type,
  );
}

function calling(content: string, ...calls: readonly (readonly [string, object, string])[]) {
  const toToolCall = ([name, args, id]: (typeof calls)[number]) => ({
    name,
    args,
    id,
    type: "tool_call" as const,
  });
  return new AIMessage({ content, tool_calls: calls.map(toToolCall) });
}

const look = tool(({ at }) => `looked at ${at}`, {
  name: "look",
  description: "Looks.",
  schema: z.object({ at: z.string() }),
});
const pay = tool(({ amount }) => `paid ${amount}`, {
  name: "pay",
  description: "Pays.",
  schema: z.object({ amount: z.number() }),
});

const summarizing = () =>
  summarizationMiddleware({
    model: new FakeListChatModel({ responses: ["SUMMARY"] }),
    trigger: { messages: 6 },
    keep: { messages: 2 },
  });

const ORDERS = [
  ["outside", <T>(all: readonly T[]) => [...all]],
  ["inside", <T>(all: readonly T[]) => all.toReversed()],
] as const;

describe.each(ORDERS)("%s of others", (_where, inOrder) => {
  test("a summary is nobody's words, and what it took the place of is kept once", async () => {
    const { os, remembering, failures } = start();
    let model = fakeModel();
    for (let turn = 0; turn < 8; turn++) model = model.respond(new AIMessage(`answer ${turn}`));
    const agent = createAgent({
      model,
      tools: [],
      middleware: inOrder<AgentMiddleware>([remembering(), summarizing()]),
      checkpointer: new MemCubeSaver({ os }),
    });
    for (let turn = 0; turn < 8; turn++) await agent.invoke(says(`question ${turn}`), on("t"));
    expect(await keptOf(os)).toEqual(
      Array.from({ length: 8 }, (_, turn) => [
        `user: question ${turn}`,
        `assistant: answer ${turn}`,
      ]).flat(),
    );
    expect(failures).toEqual([]);
  });

  test("also where the summary comes in the midst of a run of many tools", async () => {
    const { os, remembering, failures } = start();
    let model = fakeModel();
    for (let step = 0; step < 6; step++) {
      model = model.respond(
        calling(
          `step ${step}`,
          ["look", { at: "a" }, `${step}a`],
          ["look", { at: "b" }, `${step}b`],
        ),
      );
    }
    model = model.respond(new AIMessage("done"));
    const agent = createAgent({
      model,
      tools: [look],
      middleware: inOrder<AgentMiddleware>([remembering(), summarizing()]),
      checkpointer: new MemCubeSaver({ os }),
    });
    const { messages } = await agent.invoke(says("Look at all of it."), {
      ...on("t"),
      recursionLimit: 100,
    });
    expect((messages as BaseMessage[])[0]?.text).toContain("SUMMARY");
    const steps = Array.from({ length: 6 }, (_, step) => `assistant: step ${step}`);
    expect(await keptOf(os)).toEqual(["user: Look at all of it.", ...steps, "assistant: done"]);
    expect(failures).toEqual([]);
  });

  test("of all that LangChain has, with a decision and tools side by side", async () => {
    const { os, remembering, failures } = start();
    const model = fakeModel()
      .respond(
        calling(
          "",
          ["pay", { amount: 1 }, "a"],
          ["add_memory", { text: "Ada pays in cash" }, "b"],
          ["search_memory", { query: "cash" }, "c"],
        ),
      )
      .respond(new AIMessage("Paid."))
      .respond(new AIMessage("In cash."));
    const agent = createAgent({
      model,
      tools: [pay],
      middleware: inOrder<AgentMiddleware>([
        remembering({ tools: true }),
        humanInTheLoopMiddleware({ interruptOn: { pay: true } }),
        todoListMiddleware(),
        modelCallLimitMiddleware({ runLimit: 9 }),
        toolCallLimitMiddleware({ runLimit: 9 }),
        piiMiddleware("email", { strategy: "redact" }),
        contextEditingMiddleware(),
        modelRetryMiddleware({ maxRetries: 1 }),
        toolRetryMiddleware({ maxRetries: 1 }),
        dynamicSystemPromptMiddleware(() => "You are kind."),
      ]),
      checkpointer: new MemCubeSaver({ os }),
    });
    const asked = await agent.invoke(says("Pay one euro, I am ada@example.com."), on("t"));
    expect(asked).toHaveProperty("__interrupt__");
    const approved = new Command({ resume: { decisions: [{ type: "approve" }] } });
    await agent.invoke(approved as never, on("t"));
    await agent.invoke(says("How do I pay?"), on("u"));
    expect(await keptOf(os)).toEqual([
      "fact",
      "user: Pay one euro, I am [REDACTED_EMAIL].",
      "assistant: Paid.",
      "user: How do I pay?",
      "assistant: In cash.",
    ]);
    expect(model.calls.at(-1)?.messages.at(-1)?.text).toContain("Ada pays in cash");
    expect(failures).toEqual([]);
  });
});

test("an agent as a node of a graph, and called from one: thread and caller are the graph's", async () => {
  const { os, remembering, failures } = start();
  const agent = createAgent({
    model: fakeModel().respond(new AIMessage("one")).respond(new AIMessage("two")),
    tools: [],
    middleware: [remembering()],
  });
  const checkpointer = new MemCubeSaver({ os });
  const asNode = new StateGraph(MessagesAnnotation)
    .addNode("cook", agent.graph as never)
    .addEdge(START, "cook")
    .compile({ checkpointer });
  await asNode.invoke(says("I like figs."), on("t"));
  const called = new StateGraph(MessagesAnnotation)
    .addNode("cook", async ({ messages }, config) => {
      const done = await agent.invoke({ messages }, config as never);
      return { messages: done.messages.slice(messages.length) };
    })
    .addEdge(START, "cook")
    .compile({ checkpointer });
  await called.invoke(says("I like plums."), on("u"));
  const { items } = await (await os.as({ userId: "ada" }).cube("user:ada")).list();
  expect(
    items.map(({ payload }) => (payload.type === "turn" ? [payload.sessionId, payload.text] : [])),
  ).toEqual([
    ["t", "I like figs."],
    ["t", "one"],
    ["u", "I like plums."],
    ["u", "two"],
  ]);
  expect(failures).toEqual([]);
});

test("what a store notes is a sentence in the prompt of an agent", async () => {
  const { os, remembering } = start();
  const store = new MemCubeStore({ os, scope: { caller: { userId: "ada" } } });
  await store.put(["home"], "plumber", { text: "Our plumber is Mario Rossi.", since: 2020 });
  const model = fakeModel().respond(new AIMessage("Mario Rossi."));
  const agent = createAgent({ model, tools: [], middleware: [remembering()] });
  await agent.invoke(says("Who is our plumber?"), on("t"));
  expect(model.calls[0]?.messages.at(-1)?.text).toMatch(
    /^- Our plumber is Mario Rossi\. \(since: 2020\)$/mu,
  );
});

test("an abort in the midst of a stream leaves nothing unhandled, and the thread goes on", async () => {
  const { os, remembering, failures } = start();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  const agent = createAgent({
    model: new FakeListChatModel({ responses: ["a long answer"], sleep: 20 }),
    tools: [],
    middleware: [remembering()],
    checkpointer: new MemCubeSaver({ os }),
  });
  const aborter = new AbortController();
  const reading = (async () => {
    const options = { ...on("t"), streamMode: "messages" as const, signal: aborter.signal };
    for await (const _ of await agent.stream(says("Talk."), options)) aborter.abort();
  })();
  await expect(reading).rejects.toThrow(/abort/iu);
  await expect.poll(() => keptOf(os)).toEqual(["user: Talk."]);
  await agent.invoke(says("Again."), on("t"));
  expect(await keptOf(os)).toEqual(["user: Talk.", "user: Again.", "assistant: a long answer"]);
  process.off("unhandledRejection", note);
  expect([...unhandled, ...failures]).toEqual([]);
});

test("a model call that waits for a decision is no failure: nothing is kept until it is made", async () => {
  const { os, remembering, failures } = start();
  const asking = createMiddleware({
    name: "asking",
    wrapModelCall: async (request, handler) => {
      request.runtime.interrupt?.("may I?");
      return await handler(request);
    },
  });
  const agent = createAgent({
    model: fakeModel().respond(new AIMessage("Done.")),
    tools: [],
    middleware: [remembering(), asking],
    checkpointer: new MemCubeSaver({ os }),
  });
  await (await os.as({ userId: "ada" }).cube("user:ada")).add("A fact.");
  await agent.invoke(says("Do it."), on("t"));
  expect(await keptOf(os)).toHaveLength(1);
  await agent.invoke(new Command({ resume: "yes" }) as never, on("t"));
  expect((await keptOf(os)).slice(1)).toEqual(["user: Do it.", "assistant: Done."]);
  expect(failures).toEqual([]);
});

test("a thread that memory meets in the midst is kept from there on", async () => {
  const { os, remembering } = start();
  const agent = createAgent({
    model: fakeModel().respond(new AIMessage("Yes.")),
    tools: [],
    middleware: [remembering()],
  });
  const earlier = [new HumanMessage("long ago"), new AIMessage("indeed")];
  await agent.invoke({ messages: [...earlier, new HumanMessage("And now?")] }, on("t"));
  expect(await keptOf(os)).toEqual(["user: And now?", "assistant: Yes."]);
});

test("a run that is aborted while memory is asked is no failure of memory", async () => {
  const { os, failures } = start();
  const aborter = new AbortController();
  const waiting: MemOS = {
    ...os,
    as: (caller) => ({
      ...os.as(caller),
      prepare: async ({ signal }) =>
        await new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
          setTimeout(() => aborter.abort(), 20);
        }),
    }),
  };
  const agent = createAgent({
    model: fakeModel().respond(new AIMessage("Yes.")),
    tools: [],
    middleware: [memcubeMiddleware({ os: waiting, onError: (error) => failures.push(error) })],
  });
  const run = agent.invoke(says("Quick!"), { ...on("t"), signal: aborter.signal });
  await expect(run).rejects.toThrow(/abort/iu);
  expect(failures).toEqual([]);
});
