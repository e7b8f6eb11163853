import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { AIMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import type { MemOS } from "@memcube/core";
import { createAgent, createMiddleware, tool } from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { changesOf, startMemOS, textsOf } from "./memory-os.testing.ts";
import { memcubeMiddleware } from "./middleware.ts";
import type { FailedPart, MemCubeMiddlewareOptions } from "./options.ts";
import { calling, ScriptedModel } from "./scripted-model.testing.ts";
import type { LangChainEvents } from "./telemetry.ts";

const ada = { context: { userId: "ada" } };
const says = (text: string) => ({ messages: [new HumanMessage(text)] });

function makeAgent(
  os: MemOS,
  model: ScriptedModel,
  options: Partial<MemCubeMiddlewareOptions> = {},
) {
  return createAgent({
    model,
    tools: [],
    systemPrompt: "Be brief.",
    middleware: [memcubeMiddleware({ os, ...options })],
  });
}

/** Everything the model was given at a call. */
function promptOf(model: ScriptedModel, call: number): string {
  return model.calls[call]!.messages.map(({ type, text }) => `${type}: ${text}`).join("\n");
}

describe("memcubeMiddleware", () => {
  test("remembers what was said in an earlier conversation, and not in the thread", async () => {
    const { os } = startMemOS();
    const model = new ScriptedModel()
      .respond(new AIMessage("Noted."))
      .respond(new AIMessage("You keep it in the attic."));
    const agent = makeAgent(os, model);
    await agent.invoke(says("I keep my passport in the attic."), ada);
    const result = await agent.invoke(says("Where is my passport?"), ada);
    const [system, human, ...more] = model.calls[1]!.messages;
    expect(more).toEqual([]);
    expect(system!.text).toBe("Be brief.");
    expect(human!.text).toMatch(/^From memory .*:\n.*attic/s);
    expect(human!.text.endsWith("\n\nWhere is my passport?")).toBe(true);
    expect(result).not.toHaveProperty("_memcube");
    expect(result.messages.map(({ text }) => text)).toEqual([
      "Where is my passport?",
      "You keep it in the attic.",
    ]);
    expect(await textsOf(os, "ada")).toEqual([
      "I keep my passport in the attic.",
      "Noted.",
      "Where is my passport?",
      "You keep it in the attic.",
    ]);
  });

  test("standing knowledge ends the system message, also where the agent has none", async () => {
    const { os } = startMemOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await cube.add({ type: "preference", text: "Answer in metric units." });
    const model = new ScriptedModel().respond(new AIMessage("ok")).respond(new AIMessage("ok"));
    await makeAgent(os, model).invoke(says("How far is it?"), ada);
    expect(model.calls[0]!.messages[0]!.text).toMatch(
      /^Be brief\.\n\nWhat is known about the user:\n.*\n- Answer in metric units\.$/,
    );
    const middleware = [memcubeMiddleware({ os })];
    await createAgent({ model, tools: [], middleware }).invoke(says("How far is it?"), ada);
    expect(model.calls[1]!.messages[0]).toBeInstanceOf(SystemMessage);
    expect(model.calls[1]!.messages[0]!.text).toMatch(/^What is known/);
  });

  test("while memory is empty the prompt is what it would be without", async () => {
    const { os } = startMemOS();
    const answer = new AIMessage("hi");
    const [model, bare] = [
      new ScriptedModel().respond(answer),
      new ScriptedModel().respond(answer),
    ];
    const message = new HumanMessage({ content: "hello", id: "m1" });
    await makeAgent(os, model).invoke({ messages: [message] }, ada);
    await createAgent({ model: bare, tools: [], systemPrompt: "Be brief." }).invoke({
      messages: [message],
    });
    expect(model.calls[0]!.messages).toEqual(bare.calls[0]!.messages);
  });

  test("users never see each other's, in one process and at the same time", async () => {
    const { os } = startMemOS();
    const users = Array.from({ length: 12 }, (_, i) => `user${i}`);
    const model = () =>
      new ScriptedModel().respond(new AIMessage("ok")).respond(new AIMessage("ok"));
    const middleware = [memcubeMiddleware({ os })];
    await Promise.all(
      users.map(async (userId, i) => {
        const fake = model();
        const agent = createAgent({ model: fake, tools: [], middleware });
        await agent.invoke(says(`My locker has the code ${1_000 + i}.`), { context: { userId } });
        await agent.invoke(says("Which code has my locker?"), { context: { userId } });
        const prompt = promptOf(fake, 1);
        expect(prompt.match(/\b1\d{3}\b/g)).toEqual([String(1_000 + i)]);
      }),
    );
  });

  test("tenant, roles, cube and session come from the context, all of them optional", async () => {
    const { os } = startMemOS();
    const owner = os.as({ tenantId: "acme", userId: "boss" });
    await owner.createCube("team", { allow: ["role:staff"], writers: ["role:staff"] });
    const model = new ScriptedModel().respond(new AIMessage("ok")).respond(new AIMessage("ok"));
    const agent = makeAgent(os, model);
    const context = {
      tenantId: "acme",
      userId: "bob",
      roles: ["staff"],
      cube: "team",
      sessionId: "standup",
    };
    await agent.invoke(says("The release is on Friday."), { context });
    const { items } = await (await owner.cube("team")).list({ sessionId: "standup" });
    expect(items.map(({ header }) => header.owner)).toEqual(["user:bob", "user:bob"]);
    const changes = await changesOf(await owner.cube("team"));
    expect(changes.at(-1)).toMatchObject({ actor: { userId: "bob", via: "langchain" } });
    await agent.invoke(says("hi"));
    expect(await textsOf(os, "local")).toEqual(["hi", "ok"]);
  });

  test("a scope function says whose memory it is, the thread is the session", async () => {
    const { os } = startMemOS();
    const model = new ScriptedModel().respond(new AIMessage("ok"));
    const agent = makeAgent(os, model, {
      scope: ({ configurable }) => ({ caller: { userId: String(configurable["customer"]) } }),
    });
    await agent.invoke(says("hi"), { configurable: { customer: "c7", thread_id: "t9" } });
    const { items } = await (await os.as({ userId: "c7" }).cube("user:c7")).list();
    expect(items.map(({ payload }) => payload)).toMatchObject([
      { text: "hi", sessionId: "t9" },
      { text: "ok", sessionId: "t9" },
    ]);
    const numbered = makeAgent(os, new ScriptedModel().respond(new AIMessage("ok")));
    await numbered.invoke(says("hi"), { configurable: { thread_id: 7 } });
    const own = await (
      await os.as({ userId: "local" }).cube("user:local")
    ).list({ sessionId: "7" });
    expect(own.items).toHaveLength(2);
  });

  test("a scope function sees keys of the application's own in the context, in every hook", async () => {
    const { os } = startMemOS();
    const seen: unknown[] = [];
    const agent = createAgent({
      model: new ScriptedModel()
        .respond(calling("add_memory", { text: "It rains." }))
        .respond(new AIMessage("ok")),
      tools: [],
      contextSchema: z.object({ customer: z.string() }),
      middleware: [
        memcubeMiddleware({
          os,
          tools: true,
          scope: ({ context }) => {
            seen.push(context["customer"]);
            return { caller: { userId: String(context["customer"]) } };
          },
        }),
      ],
    });
    await agent.invoke(says("hi"), { context: { customer: "c7" } });
    expect(seen).toEqual(["c7", "c7", "c7"]);
    expect(await textsOf(os, "c7")).toEqual(["It rains.", "hi", "ok"]);
  });

  test("when the model fails, what was asked is kept and the error is the model's", async () => {
    const { os } = startMemOS();
    const model = new ScriptedModel().respond(new Error("rate limit"));
    const agent = makeAgent(os, model);
    await expect(agent.invoke(says("My shoe size is 39."), ada)).rejects.toThrow("rate limit");
    expect(await textsOf(os, "ada")).toEqual(["My shoe size is 39."]);
  });

  test("tools: steps are planned once, kept once, and without what the tools said", async () => {
    const { os } = startMemOS();
    const weather = tool(() => "22 degrees", {
      name: "weather",
      description: "The weather.",
      schema: z.object({}),
    });
    const model = new ScriptedModel().respond(calling("weather")).respond(new AIMessage("Warm."));
    let plans = 0;
    const counting = counted(os, () => plans++);
    const agent = createAgent({
      model,
      tools: [weather],
      middleware: [memcubeMiddleware({ os: counting })],
    });
    await agent.invoke(says("How is the weather?"), ada);
    expect(plans).toBe(1);
    expect(await textsOf(os, "ada")).toEqual(["How is the weather?", "Warm."]);
  });

  test("keepTools keeps calls and results", async () => {
    const { os } = startMemOS();
    const weather = tool(() => "22 degrees", {
      name: "weather",
      description: "The weather.",
      schema: z.object({}),
    });
    const model = new ScriptedModel().respond(calling("weather")).respond(new AIMessage("Warm."));
    const middleware = [memcubeMiddleware({ os, keepTools: true })];
    await createAgent({ model, tools: [weather], middleware }).invoke(says("Sun?"), ada);
    const texts = await textsOf(os, "ada");
    expect(texts).toContain("22 degrees");
    expect(texts).toHaveLength(4);
  });

  test("a long history is cut for the model, in pairs, and stays whole in the thread", async () => {
    const { os } = startMemOS();
    const steps = 30;
    const look = tool(({ at }) => `Shelf ${at} holds boxes of screws and nails.`, {
      name: "look",
      description: "Looks.",
      schema: z.object({ at: z.number() }),
    });
    let model = new ScriptedModel();
    for (let at = 0; at < steps; at++) {
      model = model.respond(calling("look", { at }));
    }
    model = model.respond(new AIMessage("No hammer."));
    const agent = createAgent({
      model,
      tools: [look],
      middleware: [memcubeMiddleware({ os, historyTokens: 300 })],
    });
    const saved: number[] = [];
    const told = (event: unknown) => {
      saved.push((event as LangChainEvents["memcube:langchain:recall"]).savedTokens);
    };
    subscribe("memcube:langchain:recall", told);
    const result = await agent.invoke(says("Is there a hammer?"), { ...ada, recursionLimit: 200 });
    unsubscribe("memcube:langchain:recall", told);
    expect(saved[0]).toBe(0);
    expect(saved.at(-1)).toBeGreaterThan(300);
    expect(result.messages).toHaveLength(2 * steps + 2);
    const last = model.calls.at(-1)!.messages;
    expect(last.length).toBeLessThan(30);
    expect(last[0]!.text).toBe("Is there a hammer?");
    const called = last.flatMap((m) => (AIMessage.isInstance(m) ? m.tool_calls! : []));
    const answered = last.flatMap((m) => (m.type === "tool" ? [m] : []));
    expect(called.length).toBeGreaterThan(1);
    expect(answered.map((m) => (m as unknown as { tool_call_id: string }).tool_call_id)).toEqual(
      called.map(({ id }) => id),
    );
  });

  test("memory that fails costs the memory, not the answer", async () => {
    const { os } = startMemOS();
    const failed: FailedPart[] = [];
    const onError = (error: unknown, part: FailedPart) => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^MEMCUBE_/) });
      failed.push(part);
    };
    const model = new ScriptedModel().respond(new AIMessage("fine")).respond(new AIMessage("fine"));
    const agent = makeAgent(os, model, { onError });
    const context = { userId: "ada", cube: "nobody's" };
    const { messages } = await agent.invoke(says("hi"), { context });
    expect(messages.at(-1)!.text).toBe("fine");
    expect(failed).toEqual(["recall", "save"]);
    failed.length = 0;
    await agent.invoke(says("hi"), { context: { userId: "" } });
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed)).toEqual(new Set(["scope"]));
  });

  test("a memory that hangs is waited for no longer than it may", async () => {
    const { os } = startMemOS();
    const failed: FailedPart[] = [];
    const hanging = wrapped(os, {
      prepare: async (input) =>
        await new Promise((_, reject) => {
          const { signal } = input as { signal: AbortSignal };
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const model = new ScriptedModel().respond(new AIMessage("fine"));
    const agent = makeAgent(hanging, model, {
      recallTimeoutMs: 50,
      onError: (_, part) => failed.push(part),
    });
    const began = performance.now();
    await agent.invoke(says("hi"), ada);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(failed).toEqual(["recall"]);
    expect(await textsOf(os, "ada")).toEqual(["hi", "fine"]);
  });

  test("a save that hangs is waited for no longer than it may", async () => {
    const { os } = startMemOS();
    const hanging = wrapped(os, { absorb: async () => await new Promise(() => undefined) });
    const model = new ScriptedModel().respond(new AIMessage("fine"));
    const agent = makeAgent(hanging, model, { saveTimeoutMs: 50 });
    const began = performance.now();
    const { messages } = await agent.invoke(says("hi"), ada);
    expect(messages.at(-1)!.text).toBe("fine");
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("what is too long to keep is told of once; the rest is kept", async () => {
    const { os } = startMemOS();
    const told: unknown[] = [];
    const model = new ScriptedModel()
      .respond(new AIMessage("Long."))
      .respond(new AIMessage(""))
      .respond(new AIMessage("Short."));
    const agent = makeAgent(os, model, { onError: (...error) => told.push(error) });
    await agent.invoke(says("long ".repeat(1_700_000)), ada);
    expect(told).toEqual([[expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }), "save"]]);
    await agent.invoke(says("short"), ada);
    expect(told).toHaveLength(1);
    expect(await textsOf(os, "ada")).toEqual(["Long.", "short"]);
  });

  test("what no memory holds whole is kept in parts", async () => {
    const { os } = startMemOS();
    const told: unknown[] = [];
    const model = new ScriptedModel().respond(new AIMessage("Long."));
    const agent = makeAgent(os, model, { onError: (...error) => told.push(error) });
    const said = "long ".repeat(300_000);
    await agent.invoke(says(said), ada);
    const texts = await textsOf(os, "ada");
    expect(texts.at(-1)).toBe("Long.");
    expect(texts.slice(0, -1).join("") === said).toBe(true);
    expect(told).toEqual([]);
  });

  const raises: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new Error("listener");
    },
    rejects: async () => await Promise.reject(new Error("listener")),
  };

  test.each(Object.entries(raises))(
    "a listener that %s costs nothing, and is told of",
    async (_, onError) => {
      const { os } = startMemOS();
      const told: unknown[] = [];
      const listen = (event: unknown) => void told.push(event);
      subscribe("memcube:langchain:error", listen);
      const agent = makeAgent(os, new ScriptedModel().respond(new AIMessage("fine")), {
        onError,
      });
      const context = { userId: "ada", cube: "nobody's" };
      const { messages } = await agent.invoke(says("hi"), { context });
      unsubscribe("memcube:langchain:error", listen);
      expect(messages.at(-1)!.text).toBe("fine");
      expect(told.map((event) => (event as { error: Error }).error.message)).toContain("listener");
    },
  );

  test("two of them, with names of their own, serve two cubes", async () => {
    const { os } = startMemOS();
    const me = os.as({ userId: "ada" });
    for (const id of ["work", "home"]) await me.createCube(id);
    await (await me.cube("work")).add("The printer is on floor 3.");
    await (await me.cube("home")).add("The printer is in the cellar.");
    const model = new ScriptedModel().respond(new AIMessage("ok"));
    const middleware = [
      memcubeMiddleware({ os, scope: { cube: "work" }, name: "Work" }),
      memcubeMiddleware({ os, scope: { cube: "home" }, name: "Home" }),
    ] as const;
    await createAgent({ model, tools: [], middleware }).invoke(says("Where is the printer?"), ada);
    expect(promptOf(model, 0)).toContain("floor 3");
    expect(promptOf(model, 0)).toContain("cellar");
    expect(await textsOf(os, "local")).toEqual([]);
  });

  test("works beside middleware with contexts and prompts of their own", async () => {
    const { os } = startMemOS();
    await (await os.as({ userId: "ada" }).cube("user:ada")).add("The key is under the pot.");
    const model = new ScriptedModel().respond(new AIMessage("ok"));
    const other = createMiddleware({
      name: "Other",
      contextSchema: z.object({ region: z.string().optional() }),
      wrapModelCall: async (request, handler) =>
        await handler({
          ...request,
          systemMessage: request.systemMessage.concat(new SystemMessage(" Be kind.")),
        }),
    });
    const agent = createAgent({
      model,
      tools: [],
      systemPrompt: "Be brief.",
      middleware: [other, memcubeMiddleware({ os })],
    });
    await agent.invoke(says("Where is the key?"), { context: { userId: "ada", region: "eu" } });
    expect(promptOf(model, 0)).toMatch(/^system: Be brief. Be kind.\nhuman: From memory/);
  });

  test("options are checked once, with words", () => {
    const { os } = startMemOS();
    expect(() => memcubeMiddleware({ os: {} as MemOS })).toThrow(/os: not a memory OS/);
    expect(() => memcubeMiddleware({ os, historyTokens: 0 })).toThrow(/historyTokens/);
    const typo = { os, budgetToken: 1 } as MemCubeMiddlewareOptions;
    expect(() => memcubeMiddleware(typo)).toThrow(/budgetToken/);
  });
});

/** The OS with methods of its sessions replaced. */
function wrapped(os: MemOS, methods: Partial<ReturnType<MemOS["as"]>>): MemOS {
  return { ...os, as: (caller) => ({ ...os.as(caller), ...methods }) };
}

function counted(os: MemOS, count: () => void): MemOS {
  return {
    ...os,
    as: (caller) => {
      const session = os.as(caller);
      return {
        ...session,
        prepare: async (input) => {
          count();
          return await session.prepare(input);
        },
      };
    },
  };
}
