/** Agents of LangChain with memory, on every storage: what a user of the package does. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Command, MemorySaver } from "@langchain/langgraph";
import { createMemOS, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { memcubeMiddleware, MemCubeRetriever } from "@memcube/langchain";
import { MemCubeSaver } from "@memcube/langgraph";
import {
  createAgent,
  createMiddleware,
  fakeModel,
  humanInTheLoopMiddleware,
  tool,
} from "langchain";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { eachPlace, type MakePlace } from "../servers/each-storage.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** A process's memory OS at a place; the one before has closed. */
async function startAt(place: ReturnType<MakePlace>): Promise<MemOS> {
  for (const os of opened.splice(0)) await os.close();
  const os = createMemOS({ storage: await place() });
  opened.push(os);
  return os;
}

const says = (text: string, id?: string) => ({
  messages: [new HumanMessage(id === undefined ? text : { content: text, id })],
});
const on = (thread_id: string, userId = "ada") => ({
  configurable: { thread_id },
  context: { userId },
});

async function turnsOf(os: MemOS, userId = "ada") {
  const { items } = await (await os.as({ userId }).cube(`user:${userId}`)).list();
  return items.map(({ payload }) =>
    payload.type === "turn" ? `${payload.sessionId} ${payload.role}: ${payload.text}` : "",
  );
}

const pay = tool(({ amount }) => `paid ${amount}`, {
  name: "pay",
  description: "Pays.",
  schema: z.object({ amount: z.number() }),
});

function paying(amount: number) {
  const call = { name: "pay", args: { amount }, id: `pay-${amount}`, type: "tool_call" as const };
  return new AIMessage({ content: "", tool_calls: [call] });
}

eachPlace((makePlace) => {
  test("a save that hangs holds no run up; the next run of the thread keeps it", async () => {
    const os = await startAt(makePlace());
    let hangs = true;
    const hanging: MemOS = {
      ...os,
      as: (caller) => {
        const session = os.as(caller);
        const absorb: typeof session.absorb = async (input) =>
          hangs ? await new Promise<never>(() => undefined) : await session.absorb(input);
        return { ...session, absorb };
      },
    };
    const agent = createAgent({
      model: fakeModel().respond(new AIMessage("one")).respond(new AIMessage("two")),
      tools: [],
      middleware: [memcubeMiddleware({ os: hanging, saveTimeoutMs: 50 })],
      checkpointer: new MemorySaver(),
    });
    await agent.invoke(says("hi"), on("t1"));
    hangs = false;
    await agent.invoke(says("ho"), on("t1"));
    expect(await turnsOf(os)).toEqual([
      "t1 user: hi",
      "t1 assistant: one",
      "t1 user: ho",
      "t1 assistant: two",
    ]);
  });

  test("remembers across threads and restarts, with provenance", async () => {
    const place = makePlace();
    const first = await startAt(place);
    const noted = fakeModel().respond(new AIMessage("Noted."));
    await createAgent({
      model: noted,
      tools: [],
      middleware: [memcubeMiddleware({ os: first })],
      checkpointer: new MemCubeSaver({ os: first }),
    }).invoke(says("The alarm code of the studio is 4711.", "m1"), on("monday"));

    const second = await startAt(place);
    const model = fakeModel().respond(new AIMessage("4711."));
    await createAgent({
      model,
      tools: [],
      middleware: [memcubeMiddleware({ os: second })],
      checkpointer: new MemCubeSaver({ os: second }),
    }).invoke(says("What is the alarm code of the studio?"), on("friday"));
    expect(model.calls[0]?.messages.at(-1)?.text).toContain("4711");
    const scope = { caller: { userId: "ada" } };
    const found = await new MemCubeRetriever({ os: second, scope }).invoke("alarm code");
    expect(found.map(({ metadata }) => metadata)).toContainEqual(
      expect.objectContaining({
        source: "m1",
        memory: expect.objectContaining({ sessionId: "monday", speaker: "user", version: 1 }),
      }),
    );
  });

  test("a decision that is waited for, taken in another process: kept once, planned anew", async () => {
    const place = makePlace();
    const start = (os: MemOS, model: ReturnType<typeof fakeModel>) =>
      createAgent({
        model,
        tools: [pay],
        middleware: [
          memcubeMiddleware({ os }),
          humanInTheLoopMiddleware({ interruptOn: { pay: true } }),
        ],
        checkpointer: new MemCubeSaver({ os }),
      });
    const first = await startAt(place);
    await (await first.as({ userId: "ada" }).cube("user:ada")).add("The rent is 950 euros.");
    const waiting = await start(first, fakeModel().respond(paying(950))).invoke(
      says("Pay the rent in euros, please."),
      on("t"),
    );
    expect(waiting).toHaveProperty("__interrupt__");
    expect(await turnsOf(first)).toEqual([""]);

    const second = await startAt(place);
    const model = fakeModel().respond(new AIMessage("Paid."));
    const decided = new Command({ resume: { decisions: [{ type: "approve" }] } });
    const { messages } = await start(second, model).invoke(decided, on("t"));
    expect(messages.map(({ type }) => type)).toEqual(["human", "ai", "tool", "ai"]);
    expect(model.calls[0]!.messages[0]!.text).toContain("950 euros");
    expect(await turnsOf(second)).toEqual([
      "",
      "t user: Pay the rent in euros, please.",
      "t assistant: Paid.",
    ]);
  });

  test("what an interrupted run said is kept by the next, also if nobody ever decides", async () => {
    const os = await startAt(makePlace());
    const model = fakeModel().respond(paying(1)).respond(new AIMessage("Never mind then."));
    const agent = createAgent({
      model,
      tools: [pay],
      middleware: [
        memcubeMiddleware({ os }),
        humanInTheLoopMiddleware({ interruptOn: { pay: true } }),
      ],
      checkpointer: new MemCubeSaver({ os }),
    });
    await agent.invoke(says("Pay one euro."), on("t"));
    const config = on("t");
    const rejected = new Command({ update: says("Forget it, I paid in cash."), goto: "model" });
    await agent.invoke(says("Forget it, I paid in cash."), config).catch(async (error: unknown) => {
      // Some versions insist on a decision first.
      expect(error).toBeInstanceOf(Error);
      await agent.invoke(rejected, config);
    });
    expect(await turnsOf(os)).toEqual([
      "t user: Pay one euro.",
      "t user: Forget it, I paid in cash.",
      "t assistant: Never mind then.",
    ]);
  });

  test("a run that failed is kept, and going on in the thread keeps nothing twice", async () => {
    const os = await startAt(makePlace());
    const model = fakeModel()
      .respond(new Error("overloaded"))
      .respond(new AIMessage("Hello Ada."))
      .respond(new AIMessage("Bye."));
    const agent = createAgent({
      model,
      tools: [],
      middleware: [memcubeMiddleware({ os })],
      checkpointer: new MemCubeSaver({ os }),
    });
    await expect(agent.invoke(says("I am Ada.", "m1"), on("t"))).rejects.toThrow("overloaded");
    expect(await turnsOf(os)).toEqual(["t user: I am Ada."]);
    await agent.invoke(says("Are you there?"), on("t"));
    await agent.invoke(says("Bye."), on("t"));
    expect(await turnsOf(os)).toEqual([
      "t user: I am Ada.",
      "t user: Are you there?",
      "t assistant: Hello Ada.",
      "t user: Bye.",
      "t assistant: Bye.",
    ]);
  });

  test("what was forgotten does not come back with the rest of its thread", async () => {
    const os = await startAt(makePlace());
    const model = fakeModel()
      .respond(new AIMessage("Noted."))
      .respond(new AIMessage("Forgotten."))
      .respond(new AIMessage("Yes?"));
    const agent = createAgent({
      model,
      tools: [],
      middleware: [memcubeMiddleware({ os })],
      checkpointer: new MemCubeSaver({ os }),
    });
    await agent.invoke(says("My salary is 5000."), on("t"));
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const [salary] = (await cube.list()).items;
    await cube.forget(salary?.header.id ?? "");
    await agent.invoke(says("Please forget it."), on("t"));
    await agent.invoke(says("Hello?"), on("t"));
    expect(await turnsOf(os)).not.toContain("t user: My salary is 5000.");
    expect(await turnsOf(os)).toHaveLength(5);
  });

  test("an aborted run keeps what was asked", async () => {
    const os = await startAt(makePlace());
    const model = new FakeListChatModel({ responses: ["Once."], sleep: 3_000 });
    const agent = createAgent({ model, tools: [], middleware: [memcubeMiddleware({ os })] });
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(), 300);
    const run = agent.invoke(says("Tell me a long story of the sea."), {
      ...on("t"),
      signal: aborter.signal,
    });
    await expect(run).rejects.toThrow(/abort/i);
    await expect.poll(() => turnsOf(os)).toEqual(["t user: Tell me a long story of the sea."]);
  });

  test("streams as without memory, and keeps the answer also when nobody reads on", async () => {
    const os = await startAt(makePlace());
    const agent = createAgent({
      model: new FakeListChatModel({ responses: ["hello world"] }),
      tools: [],
      middleware: [memcubeMiddleware({ os })],
    });
    const options = { ...on("t"), streamMode: "messages" as const };
    const chunks: string[] = [];
    for await (const [message] of await agent.stream(says("hi"), options)) {
      chunks.push(message.text);
    }
    expect(chunks.join("")).toBe("hello world");
    expect(chunks.length).toBeGreaterThan(5);
    for await (const _ of await agent.stream(says("bye"), { ...options, ...on("t2") })) break;
    await expect
      .poll(() => turnsOf(os), { timeout: 5_000 })
      .toEqual([
        "t user: hi",
        "t assistant: hello world",
        "t2 user: bye",
        "t2 assistant: hello world",
      ]);
  });

  test("many users at once, none sees another's", async () => {
    const os = await startAt(makePlace());
    const middleware = [memcubeMiddleware({ os })];
    const prompts = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const model = fakeModel().respond(new AIMessage("ok")).respond(new AIMessage("ok"));
        const agent = createAgent({ model, tools: [], middleware });
        await agent.invoke(says(`My bank code is ${7_000 + i}.`), on("a", `user${i}`));
        await agent.invoke(says("What is my bank code?"), on("b", `user${i}`));
        return model.calls[1]!.messages.map(({ text }) => text).join("\n");
      }),
    );
    for (const [i, prompt] of prompts.entries()) {
      expect(prompt.match(/\b70\d\d\b/g)).toEqual([String(7_000 + i)]);
    }
  });

  test("a long thread costs a bounded prompt, and its beginning is still known", async () => {
    const os = await startAt(makePlace());
    const turns = 30;
    let model = fakeModel();
    for (let i = 0; i <= turns; i++) model = model.respond(new AIMessage(`Gate ${i} is open.`));
    const agent = createAgent({
      model,
      tools: [],
      middleware: [memcubeMiddleware({ os, historyTokens: 300, budgetTokens: 300 })],
      checkpointer: new MemCubeSaver({ os }),
    });
    await agent.invoke(says("My seat is 12F, please remember."), on("t"));
    for (let i = 1; i < turns; i++) {
      await agent.invoke(says(`Is gate ${i} open for the flight to city number ${i}?`), on("t"));
    }
    const { messages } = await agent.invoke(says("Which seat is mine?"), on("t"));
    expect(messages).toHaveLength(2 * turns + 2);
    const { messages: last } = model.calls.at(-1) ?? { messages: [] };
    expect(last.length).toBeLessThan(25);
    expect(last.map(({ text }) => text).join("\n")).toContain("12F");
    // Between two cuts a prompt goes on where the one before ended: prompt caches hold.
    const first = model.calls.map(({ messages: sent }) => {
      const start = sent.findIndex(({ type }) => type !== "system");
      return JSON.stringify([...sent.slice(0, start).map(({ text }) => text), sent[start]!.id]);
    });
    const cuts = first.filter((each, at) => at > 0 && each !== first[at - 1]).length;
    expect(cuts).toBeGreaterThan(2);
    expect(cuts).toBeLessThan(turns / 3);
  });
});

test("a run of nobody's gets nothing of the thread's last one, which was aborted", async () => {
  const os = createMemOS({ storage: memoryStorage() });
  opened.push(os);
  await (await os.as({ userId: "ada" }).cube("user:ada")).add("The key is under the pot.");
  const abort = new AbortController();
  const model = fakeModel().respond(new AIMessage("somewhere"));
  const stops = createMiddleware({
    name: "Stops",
    wrapModelCall: async (request, handler) => {
      if (!abort.signal.aborted) {
        abort.abort(new Error("enough"));
        abort.signal.throwIfAborted();
      }
      return await handler(request);
    },
  });
  const agent = createAgent({
    model,
    tools: [],
    checkpointer: new MemorySaver(),
    middleware: [
      // Outside: what stops the run, memory does not see.
      stops,
      memcubeMiddleware({
        os,
        scope: ({ configurable: { user } }) => {
          if (typeof user !== "string") throw new Error("who?");
          return { caller: { userId: user } };
        },
      }),
    ],
  });
  const config = { configurable: { thread_id: "shared" } };
  const adas = { configurable: { ...config.configurable, user: "ada" } };
  await expect(agent.invoke(says("Where is the key?"), adas)).rejects.toThrow("enough");
  await agent.invoke(says("Where is the key?"), config);
  expect(JSON.stringify(model.calls[0]?.messages)).not.toContain("pot");
});
