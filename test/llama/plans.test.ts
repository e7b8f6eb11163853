/** States of prompts as memories: chosen, offered, promoted, through the AI SDK and through LangChain. */
import { execFile, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { memcubeMiddleware as sdkMemory, memcubeProvider } from "@memcube/ai-sdk";
import { ChatMemCube, memcubeMiddleware } from "@memcube/langchain";
import { generateText, streamText, wrapLanguageModel } from "ai";
import { createAgent, HumanMessage } from "langchain";
import { open } from "memcube";
import { describe, expect, it, vi } from "vitest";

import { collect, facts, question } from "./collect.ts";
import {
  ada,
  closing,
  inFolder,
  langchain,
  likesTea,
  place,
  sdk,
  statesIn,
  system,
} from "./plan-places.ts";

const asAda = { memcube: ada };

interface Answered {
  readonly text: string;
  readonly cached: number;
}

/** An agent of LangChain in a process of its own. */
async function inProcess(file: string, states: string, cachePrompt = true): Promise<Answered> {
  const program = join(import.meta.dirname, "plan-process.ts");
  const given = [inFolder(file), inFolder(states), system, `${cachePrompt}`];
  const args = ["--conditions=@memcube/source", program, ...given];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Answered;
}

describe("a prefix that is used again and again", () => {
  it("becomes a memory through the AI SDK, and is restored elsewhere through LangChain", async () => {
    const first = await place("first");
    const cube = await likesTea(first.os);
    for (const [at, asked] of ["What is fact 1?", "And fact 2?", "And fact 3?"].entries()) {
      await sdk(first, asked);
      await first.os.idle();
      expect(await statesIn(cube)).toHaveLength(at < 2 ? 0 : 1);
    }
    const [state] = await statesIn(cube);
    const { tokens } = (
      await first.os.as(ada).prepare({ messages: "x", model: first.engine.model.id })
    ).kv![0]!;
    expect(tokens).toBeGreaterThanOrEqual(1_024);
    expect(state!.header).toMatchObject({ owner: "user:ada", allow: [], tags: ["promoted"] });
    expect(state!.edges.map(({ type }) => type)).toEqual(["derived-from"]);
    await sdk(first, "Once more?");
    await first.os.idle();
    expect(await statesIn(cube)).toHaveLength(1);
    await first.os.close();
    await copyFile(inFolder("memory.db"), inFolder("copy.db"));

    // Another process, and nothing is known there but the file of memories.
    const restored = await inProcess("memory.db", "second");
    expect(restored.cached).toBe(tokens);
    const cold = await inProcess("copy.db", "third", false);
    expect(cold).toEqual({ text: restored.text, cached: 0 });
    expect(restored.text).not.toBe("");
  }, 120_000);

  it("is promoted by streams and agents, too, and by nobody when it is switched off", async () => {
    const { os, engine } = await place("first", { promotion: { afterUses: 2 } });
    const cube = await likesTea(os);
    const model = wrapLanguageModel({
      model: memcubeProvider({ engine }).languageModel(),
      middleware: sdkMemory({ os }),
    });
    const stream = streamText({
      model,
      instructions: system,
      prompt: "a",
      maxOutputTokens: 4,
      providerOptions: asAda,
    });
    await stream.consumeStream();
    await os.idle();
    expect(await statesIn(cube)).toEqual([]);
    await langchain({ os, engine }, "What is fact 1?");
    await os.idle();
    expect(await statesIn(cube)).toHaveLength(1);

    const off = await place("off", { promotion: false, file: "off.db" });
    const others = await likesTea(off.os);
    for (const asked of ["a", "b", "c", "d"]) await sdk(off, asked);
    await off.os.idle();
    expect(await statesIn(others)).toEqual([]);
  });

  it("has no token of what was said or recalled", async () => {
    const { engine } = await place("first");
    const text = facts(66);
    const known = "What is known about the user: Ada likes tea.";
    const ask = (said: string, after = "", through: string | undefined = known) =>
      collect(engine, {
        messages: [
          { role: "system", text: `${text}\n\n${known}${after}` },
          { role: "user", text: said },
        ],
        sampling: { maxTokens: 1 },
        ...(through === undefined ? {} : { stableThrough: through }),
      });
    const secret = `My secret is this: ${facts(40, "secret")}`;
    const one = (await ask(secret)).usage;
    const stable = engine.count(`${text}\n\n${known}`);
    expect(one.promptTokens).toBeGreaterThan(stable + 512);
    expect(one.stableState!.tokens).toBe(Math.floor(stable / 256) * 256);
    // Neither what follows in the system message nor the question changes what is kept.
    const recalled = (await ask("Hi", `\n\n${facts(40, "recalled")}`)).usage;
    expect(recalled.stableState).toEqual(one.stableState);
    expect((await ask("Hi", "", "What nobody says")).usage.stableState).toBeUndefined();
    const { stableState } = (await ask("Hi")).usage;
    const { key, tokens, tokensSha256 } = stableState!;
    expect(await engine.states!.take("", key)).toMatchObject({ tokenCount: tokens, tokensSha256 });
  });

  it("is promoted or not when the process is killed meanwhile, and else when it ends", async () => {
    const path = inFolder("memory.db");
    const before = await open({ path });
    const { id } = await likesTea(before);
    await before.close();
    const program = join(import.meta.dirname, "plan-process.ts");
    const args = [path, inFolder("states"), system, "true", "1"];
    for (const afterMs of [0, 10, 30, undefined]) {
      const child = spawn(process.execPath, ["--conditions=@memcube/source", program, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(child, "close");
      await once(child.stdout, "data");
      if (afterMs !== undefined) {
        await setTimeout(afterMs);
        child.kill("SIGKILL");
      }
      await closed;
      const os = await open({ path, worker: false });
      const cube = await os.as(ada).cube(id);
      const states = await statesIn(cube);
      expect(states.length).toBeLessThanOrEqual(1);
      if (afterMs === undefined) expect(states).toHaveLength(1);
      for (const { header } of states) {
        expect((await cube.recallState(header.id))?.state).toBeDefined();
      }
      expect((await cube.verify()).ok).toBe(true);
      expect((await cube.list({ types: ["preference"] })).items).toHaveLength(1);
      await os.close();
    }
  }, 120_000);

  it("is made of one plan's memories where two middlewares serve two cubes", async () => {
    const { os, engine } = await place("first", { promotion: { afterUses: 1 } });
    const team = await os.as(ada).createCube("team");
    await team.add({ type: "preference", text: "The team writes to customers in French." });
    const cube = await likesTea(os);
    const model = wrapLanguageModel({
      model: memcubeProvider({ engine }).languageModel(),
      middleware: [
        sdkMemory({ os, scope: { caller: ada } }),
        sdkMemory({ os, scope: { caller: ada, cube: "team" } }),
      ],
    });
    await generateText({ model, instructions: system, prompt: "a", maxOutputTokens: 1 });
    const agent = createAgent({
      model: new ChatMemCube({ engine, maxTokens: 1 }),
      tools: [],
      systemPrompt: facts(120),
      middleware: [
        memcubeMiddleware({ os, scope: { caller: ada }, name: "own" }),
        memcubeMiddleware({ os, scope: { caller: ada, cube: "team" }, name: "team" }),
      ],
    });
    await agent.invoke({ messages: [new HumanMessage("a")] });
    await os.idle();
    expect(await statesIn(team)).toEqual([]);
    expect(await statesIn(cube)).toHaveLength(2);
  });

  it("is not promoted behind another plan's block of which nothing may be kept", async () => {
    const { os, engine } = await place(
      "first",
      { promotion: { afterUses: 1 } },
      { contextSize: 4_096 },
    );
    const team = await os.as(ada).createCube("team");
    await team.add({ type: "preference", text: "The team writes to customers in French." });
    const prompt = Array.from({ length: 60 }, (_, at) => ({
      role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: `The ${at}th thing about my secret is ${at * 7}, and I like to say so at length.`,
    }));
    const outer = (historyTokens?: number) =>
      sdkMemory({ os, scope: { caller: ada }, ...(historyTokens && { historyTokens }) });
    const inner = sdkMemory({ os, scope: { caller: ada, cube: "team" } });
    const systems: string[] = [];
    const generate = vi.spyOn(engine, "generate");
    for (const historyTokens of [1_600, undefined]) {
      const model = wrapLanguageModel({
        model: memcubeProvider({ engine }).languageModel(),
        middleware: [outer(historyTokens), inner],
      });
      const messages = [...prompt, { role: "user" as const, content: "What is my secret?" }];
      await generateText({
        model,
        instructions: system,
        messages: historyTokens === undefined ? messages.slice(-1) : messages,
        maxOutputTokens: 1,
      });
      await os.idle();
      const [said] = generate.mock.lastCall![0].messages;
      systems.push((said as { text: string }).text);
      expect(await statesIn(team)).toHaveLength(historyTokens === undefined ? 1 : 0);
    }
    expect(systems[0]).toContain("thing about my secret");
    expect(systems[1]).not.toContain("secret");
  });

  it("is not promoted where a summary of the conversation is shown", async () => {
    const here = await place("first", { promotion: { afterUses: 1 } });
    const { os, engine } = here;
    const cube = await likesTea(os);
    const said = Array.from({ length: 60 }, (_, at) => ({
      role: at % 2 === 0 ? "user" : "assistant",
      content: `The ${at}th thing about my secret is ${at * 7}, and I like to say so at length.`,
    }));
    const messages = [...said, { role: "user", content: "What is my secret?" }];
    const model = engine.model.id;
    const cut = await os.as(ada).prepare({ messages, model, historyTokens: 800 });
    expect(cut.stable).toContain("Earlier in this conversation");
    expect((await cut.handOver()).request.stableThrough).toBe("");
    const whole = await os.as(ada).prepare({ messages, model });
    expect((await whole.handOver()).request).toMatchObject({ stableThrough: whole.stable });
    expect((await whole.handOver()).request.cacheScope).toMatch(/^default\/[0-9a-f]{32}$/);
    expect(await statesIn(cube)).toEqual([]);
  });

  it("loses its memory when what it shows changes, and gets one of what it shows then", async () => {
    const here = await place("first", { promotion: { afterUses: 1 } });
    const { os } = here;
    const cube = await likesTea(os);
    await sdk(here, "a");
    await os.idle();
    const [before] = await statesIn(cube);
    const other = question("What is fact 3?", { cacheScope: "default/other" });
    await collect(here.engine, other);
    const [{ header } = expect.fail()] = (await cube.list({ types: ["preference"] })).items;
    await cube.update(header.id, { text: "Ada likes coffee from London by now." });
    const plan = await os.as(ada).prepare({ messages: "a", model: here.engine.model.sha256 });
    expect(plan.kv).toBeUndefined();
    await expect.poll(async () => await cube.get(before!.header.id)).toBeUndefined();
    await os.idle();
    // Nothing was erased but the state: other prompts of the tenant are still known.
    expect((await collect(here.engine, other)).usage.cachedTokens).toBe(768);
    await sdk(here, "b");
    await os.idle();
    const [after, ...others] = await statesIn(cube);
    expect(others).toEqual([]);
    expect(after!.edges).toMatchObject([{ to: { id: header.id }, toVersion: 2 }]);
    await cube.erase(header.id);
    expect(await statesIn(cube)).toEqual([]);
    expect((await collect(here.engine, other)).usage.cachedTokens).toBe(0);
    expect((await cube.verify()).ok).toBe(true);
  });

  it("is forgotten with its cube, as all prompts that may be about it", async () => {
    const { os, engine } = await place("first", { promotion: false });
    await likesTea(os);
    await sdk({ os, engine }, "a");
    const other = question("What is fact 3?", { cacheScope: "default/other" });
    await collect(engine, other);
    const elsewhere = { ...other, cacheScope: "elsewhere" };
    await collect(engine, elsewhere);
    await os.as(ada).deleteCube("user:ada");
    expect((await collect(engine, other)).usage.cachedTokens).toBe(0);
    expect((await collect(engine, elsewhere)).usage.cachedTokens).toBe(768);
  });

  it("is kept within its budget, the oldest go first", async () => {
    const here = await place("first", { promotion: { afterUses: 1 } });
    const cube = await likesTea(here.os);
    await sdk(here, "a");
    await here.os.idle();
    const [first] = await statesIn(cube);
    const { sizeBytes } = first!.payload as { sizeBytes: number };
    await here.os.close();
    const there = await place("second", {
      promotion: { afterUses: 1, budgetBytes: Math.ceil(sizeBytes * 1.5) },
    });
    const again = await there.os.as(ada).cube("user:ada");
    await langchain(there, "a", {});
    await again.add({ type: "preference", text: "Ada has no sugar." });
    await sdk(there, "b");
    await there.os.idle();
    const left = await statesIn(again);
    expect(left).toHaveLength(1);
    expect(left[0]!.header.id).not.toBe(first!.header.id);
  });

  it("is promoted once by two machines that do it at the same time", async () => {
    const places = [
      await place("first", { promotion: { afterUses: 1 } }),
      await place("second", { promotion: { afterUses: 1 } }),
    ];
    const cube = await likesTea(places[0]!.os);
    await Promise.all(places.map((here) => sdk(here, "a")));
    for (const { os } of places) await os.idle();
    expect(await statesIn(cube)).toHaveLength(1);
  });
});

describe("an engine of the memory OS", () => {
  it("goes by the name given, its own and its file's; no other model gets anything", async () => {
    const { engine } = await place("first", { file: "unused.db" });
    const os = await open({ path: ":memory:", engines: { chat: engine } });
    closing.push(() => os.close());
    await likesTea(os);
    const asked = async (model?: string) => {
      const plan = await os
        .as(ada)
        .prepare({ messages: "a", ...(model !== undefined && { model }) });
      return Object.keys((await plan.handOver()).request).toSorted();
    };
    for (const name of ["chat", engine.model.id, engine.model.sha256]) {
      expect(await asked(name)).toEqual(["cacheScope", "stableThrough"]);
    }
    expect(await asked("gpt-5-mini")).toEqual([]);
    expect(await asked()).toEqual([]);
    // Through a provider that calls it so, and with what the call says itself.
    const model = wrapLanguageModel({
      model: memcubeProvider({ engines: { chat: engine } }).languageModel("chat"),
      middleware: sdkMemory({ os }),
    });
    const scopes: unknown[] = [];
    const generate = vi.spyOn(engine, "generate");
    for (const memcubeEngine of [{}, { cacheScope: "mine" }]) {
      const providerOptions = { ...asAda, memcubeEngine };
      await generateText({ model, prompt: "a", maxOutputTokens: 1, providerOptions });
      scopes.push(generate.mock.lastCall?.[0].cacheScope);
    }
    expect(scopes).toEqual([expect.stringMatching(/^default\//), "mine"]);
    expect(generate.mock.lastCall?.[0].stableThrough).toContain("Ada likes tea");
    await expect(open({ path: ":memory:", promotion: { afterUses: 0 } })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });
});

describe("a state that can't be used", () => {
  it("costs a prompt that is computed, and is not asked for again", async () => {
    const first = await place("first", { promotion: { afterUses: 1 } });
    const cube = await likesTea(first.os);
    await sdk(first, "a");
    await first.os.idle();
    const [state] = await statesIn(cube);
    const recalled = await cube.recallState(state!.header.id);
    const damaged = recalled!.state!.pages.map((page) => page.subarray(1));
    const sources = state!.edges.map(({ to, toVersion = 0 }) => ({
      id: to.id,
      version: toVersion,
    }));
    await cube.erase(state!.header.id);
    await cube.promote({ ...recalled!.state!, pages: damaged }, { sources });
    await first.os.close();

    const told: unknown[] = [];
    const listen = (event: unknown) => void told.push(event);
    subscribe("memcube:plan", listen);
    const second = await place("second", { promotion: false });
    const answer = await sdk(second, "What is fact 1?");
    expect(answer.cached).toBe(0);
    expect(answer.told!["memcubeEngine"]).toMatchObject({
      cacheMiss: "state-refused: page-damaged",
    });
    const plan = await second.os.as(ada).prepare({ messages: "a", model: second.engine.model.id });
    expect(plan.kv).toBeUndefined();
    expect(told).toMatchObject([{ cubeId: "user:ada", reason: "page-damaged" }]);
    unsubscribe("memcube:plan", listen);
    const off = { memcubeEngine: { cachePrompt: false } };
    expect((await sdk(second, "What is fact 1?", off)).text).toBe(answer.text);
  });
});

describe("whose states they are", () => {
  it("who may not read a source gets neither plan nor state, another tenant never", async () => {
    const first = await place("first", { promotion: { afterUses: 1 } });
    const { os, engine } = first;
    const cube = await os.as(ada).createCube("team", { allow: ["user:bob", "user:eve"] });
    const { ids } = await cube.add([
      { type: "preference", text: "We drink tea from Paris." },
      { type: "preference", text: "We answer in short sentences." },
    ]);
    await cube.update(ids[1]!, { allow: ["user:bob"] });
    const inTeam = { memcube: { cube: "team" } };
    await sdk(first, "a", inTeam);
    await os.idle();
    // What is promoted by itself is its user's alone: the application's words are in there, too.
    const prepare = async (userId: string, tenantId = "default") =>
      await os
        .as({ userId, tenantId })
        .prepare({ cubes: ["team"], messages: "a", model: engine.model.id });
    const [own] = (await prepare("ada")).kv!;
    expect((await prepare("bob")).kv).toBeUndefined();
    const { state } = (await cube.recallState(own!.memoryId))!;
    const shared = await cube.promote(state!, {
      sources: [
        { id: ids[0]!, version: 1 },
        { id: ids[1]!, version: 2 },
      ],
    });
    expect((await prepare("bob")).kv).toMatchObject([{ memoryId: shared.header.id }]);
    expect((await prepare("eve")).kv).toBeUndefined();
    await expect(prepare("ada", "elsewhere")).rejects.toMatchObject({
      code: "MEMCUBE_CUBE_NOT_FOUND",
    });
    await os.close();

    const second = await place("second", { promotion: false });
    const as = async (userId: string, tenantId = "default") =>
      (await sdk(second, "b", { memcube: { userId, tenantId, cube: "team" } })).cached;
    expect(await as("bob")).toBe(own!.tokens);
    // The store has it now; it is bob's scope that has it.
    expect(await as("eve")).toBe(0);
    expect(await as("ada", "elsewhere")).toBe(0);
  });
});
