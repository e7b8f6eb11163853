/** Agents of Mastra with MemCubeMemory, and with Mastra's own Memory on our storage. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { createMemOS, type MemOS } from "@memcube/core";
import { memcubeStore, MemCubeMemory } from "@memcube/mastra";
import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import type { MastraMemory } from "@mastra/core/memory";
import { Memory } from "@mastra/memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { eachPlace, type MakePlace } from "../servers/each-storage.ts";
import { promptsOf, scriptedModel } from "./scripted-model.ts";

let os: MemOS;
let place: ReturnType<MakePlace>;

function agentWith(model: ReturnType<typeof scriptedModel>, memory: MastraMemory): Agent {
  // Mastra bundles the types of another minor version of the provider's interface.
  return new Agent({
    id: "a",
    name: "a",
    instructions: "Be brief.",
    model: model as never,
    memory,
  });
}

const ADA = { memory: { thread: "t1", resource: "ada" } };

async function restart(): Promise<void> {
  await os.close();
  os = createMemOS({ storage: await place() });
}

eachPlace((makePlace) => {
  beforeEach(async () => {
    place = makePlace();
    os = createMemOS({ storage: await place() });
  });
  afterEach(async () => {
    await os.close();
  });

  describe("MemCubeMemory", () => {
    it("shows the thread again, after a restart too", async () => {
      const first = scriptedModel(["Noted."]);
      await agentWith(first, new MemCubeMemory({ os })).generate("I love espresso", ADA);
      await restart();
      const second = scriptedModel(["Espresso."]);
      const memory = new MemCubeMemory({ os });
      const { text } = await agentWith(second, memory).generate("What do I love?", ADA);

      expect(text).toBe("Espresso.");
      const [prompt] = promptsOf(second);
      expect(prompt).toContain("user: I love espresso\nassistant: Noted.\nuser: What do I love?");
      const { messages } = await memory.recall({ threadId: "t1", resourceId: "ada" });
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    });

    it("recalls in another thread what the same resource said, streaming too, and nobody else's", async () => {
      const model = scriptedModel(["Noted.", "In Turin.", "I don't know."]);
      const agent = agentWith(model, new MemCubeMemory({ os }));
      await agent.generate("My dentist Rossi has her practice in Turin", ADA);
      const stream = await agent.stream("Where is the practice of my dentist Rossi?", {
        memory: { thread: "t2", resource: "ada" },
      });
      for await (const _ of stream.textStream);
      await agent.generate("Where is the practice of my dentist Rossi?", {
        memory: { thread: "t3", resource: "bob" },
      });

      const [, foreign, recalled] = promptsOf(model);
      expect(recalled).toMatch(
        /^system: Be brief\.\nuser: .*My dentist Rossi has her practice in Turin/s,
      );
      expect(foreign).not.toContain("Turin");
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      const found = await cube.search("dentist");
      const sessions = found.hits
        .map(({ memory }) => memory.payload)
        .map((turn) => turn.type === "turn" && turn.sessionId);
      expect(new Set(sessions)).toEqual(new Set(["t1", "t2"]));
      await expect(os.as({ userId: "bob" }).cube("user:ada")).rejects.toMatchObject({
        code: "MEMCUBE_CUBE_NOT_FOUND",
      });
    });

    it("shows nobody what another resource said in the thread", async () => {
      const model = scriptedModel(["Noted.", "Hello."]);
      const memory = new MemCubeMemory({ os });
      const agent = agentWith(model, memory);
      await agent.generate("I love espresso", ADA);
      const secret = { type: "text" as const, text: "My PIN is 4711" };
      const bobs = { id: "b1", threadId: "t1", resourceId: "bob", role: "user" as const };
      const content = { format: 2 as const, parts: [secret] };
      await memory.saveMessages({ messages: [{ ...bobs, content, createdAt: new Date() }] });
      await agent.generate("What was said?", ADA);

      const [, prompt] = promptsOf(model);
      expect(prompt).toContain("espresso");
      expect(prompt).not.toContain("4711");
      const { messages } = await memory.recall({ threadId: "t1" });
      expect(JSON.stringify(messages), "the application may ask for all").toContain("4711");
    });

    it("tells the log that it came through Mastra", async () => {
      const model = scriptedModel(["Noted."]);
      await agentWith(model, new MemCubeMemory({ os })).generate("I love tea", ADA);
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      const said = [];
      for await (const change of cube.log()) if (change.op === "add") said.push(change.actor.via);
      expect(said).toEqual(["mastra", "mastra"]);
    });

    it("adds nothing to the prompt while it knows nothing", async () => {
      const model = scriptedModel(["Hello."]);
      await agentWith(model, new MemCubeMemory({ os })).generate("Hello", ADA);
      expect(promptsOf(model)).toEqual(["system: Be brief.\nuser: Hello"]);
    });

    it("keeps what was said when the model fails and when the reader leaves", async () => {
      const memory = new MemCubeMemory({ os });
      const broken = agentWith(scriptedModel([]), memory);
      await expect(broken.generate("My cat is called Nero", ADA)).rejects.toThrow("script");
      const left = agentWith(scriptedModel(["A fine name for a cat."]), memory);
      const stream = await left.stream("And my dog Bruno", ADA);
      for await (const _ of stream.textStream) break;
      // The last is what Mastra itself notes of the failure, as part of the thread.
      const said = async () => {
        const { messages } = await memory.recall({ threadId: "t1" });
        return messages.map(({ content }) =>
          content.parts.map((part) => (part.type === "text" ? part.text : part.type)).join(),
        );
      };
      await expect
        .poll(async () => (await said()).toSorted())
        .toEqual(["A fine name for a cat.", "And my dog Bruno", "My cat is called Nero", "error"]);
    });

    it("goes on without memory when recalling and saving fail, and tells of it", async () => {
      const failed: string[] = [];
      const memory = new MemCubeMemory({
        os,
        onError: (error, part) => failed.push(`${part}: ${(error as Error).name}`),
        // Nobody may open it but for the threads.
        scope: ({ resourceId }) => (resourceId === undefined ? {} : { cube: "not-there" }),
        // oxlint-disable-next-line typescript/no-deprecated -- `false` is how a history is left out
        options: { lastMessages: false },
      });
      const { text } = await agentWith(scriptedModel(["Hello."]), memory).generate("Hello", ADA);
      expect(text).toBe("Hello.");
      expect(failed).toEqual(["recall: MemCubeError", "save: MemCubeError"]);
    });

    it.each<[string, () => unknown]>([
      [
        "throws",
        () => {
          throw new Error("listener");
        },
      ],
      ["rejects", async () => await Promise.reject(new Error("listener"))],
    ])("goes on when a listener %s, and tells of it", async (_, onError) => {
      const told: unknown[] = [];
      const listen = (event: unknown) => void told.push(event);
      subscribe("memcube:mastra:error", listen);
      const memory = new MemCubeMemory({
        os,
        onError,
        scope: ({ resourceId }) => (resourceId === undefined ? {} : { cube: "not-there" }),
        // oxlint-disable-next-line typescript/no-deprecated -- `false` is how a history is left out
        options: { lastMessages: false },
      });
      const { text } = await agentWith(scriptedModel(["Hello."]), memory).generate("Hello", ADA);
      unsubscribe("memcube:mastra:error", listen);
      expect(text).toBe("Hello.");
      expect(told).toContainEqual({ part: "recall", error: new Error("listener") });
    });

    it("saves nothing when it is read only", async () => {
      const memory = new MemCubeMemory({ os, options: { readOnly: true } });
      await agentWith(scriptedModel(["Yes."]), memory).generate("Are you there?", ADA);
      expect((await memory.recall({ threadId: "t1" })).messages).toEqual([]);
    });

    it("gives agents tools that correct and forget for the resource of the run", async () => {
      const memory = new MemCubeMemory({ os, tools: true });
      const noted = { tool: "add_memory", input: { text: "Ada lives in Porto.", kind: "fact" } };
      const model = scriptedModel([noted, "Noted."]);
      const { text } = await agentWith(model, memory).generate("Remember: I live in Porto", ADA);
      expect(text).toBe("Noted.");
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      const facts = await cube.list({ types: ["fact"] });
      expect(facts.items.map(({ payload }) => payload)).toEqual([
        { type: "fact", text: "Ada lives in Porto." },
      ]);
      // The call is part of the thread, with its result.
      const { messages } = await memory.recall({ threadId: "t1" });
      const parts = messages.flatMap(({ content }) => content.parts);
      const call = parts.find(({ type }) => type === "tool-invocation");
      expect(call).toMatchObject({ toolInvocation: { toolName: "add_memory", state: "result" } });
    });

    it("finds messages by meaning with their neighbours", async () => {
      const memory = new MemCubeMemory({ os });
      const model = scriptedModel(["Noted.", "Fine.", "Good."]);
      const agent = agentWith(model, memory);
      await agent.generate("The wedding of Clara is in Ravenna", ADA);
      await agent.generate("The weather is nice", ADA);
      await agent.generate("I had soup", ADA);
      const { messages } = await memory.recall({
        threadId: "t2",
        resourceId: "ada",
        vectorSearchString: "Where is Clara's wedding?",
        threadConfig: { semanticRecall: { topK: 1, messageRange: 1, scope: "resource" } },
      });
      expect(
        messages.map(({ content }) => content.parts.find((p) => p.type === "text")?.text),
      ).toEqual(["The wedding of Clara is in Ravenna", "Noted."]);
    });

    it("keeps working memory and shows it where it is enabled", async () => {
      const memory = new MemCubeMemory({ os, options: { workingMemory: { enabled: true } } });
      await memory.updateWorkingMemory({
        threadId: "t1",
        resourceId: "ada",
        workingMemory: "# Name: Ada",
      });
      const model = scriptedModel(["Ada."]);
      await agentWith(model, memory).generate("Who am I?", ADA);
      expect(promptsOf(model)[0]).toContain("system: # Name: Ada");
      const changed = await memory.__experimental_updateWorkingMemoryVNext({
        threadId: "t1",
        resourceId: "ada",
        searchString: "Ada",
        workingMemory: "Ada Lovelace",
      });
      expect(changed).toEqual({ success: true, reason: "replaced" });
      expect(await memory.getWorkingMemory({ threadId: "t1", resourceId: "ada" })).toBe(
        "# Name: Ada Lovelace",
      );
    });

    it("cuts a long thread to its latest messages and a summary", async () => {
      const memory = new MemCubeMemory({ os, options: { messageHistory: { maxTokens: 200 } } });
      const answers = Array.from({ length: 12 }, (_, i) => `Answer ${i}. ${"word ".repeat(30)}`);
      const agent = agentWith(scriptedModel(answers), memory);
      for (let i = 0; i < 12; i++) await agent.generate(`Question ${i}`, ADA);
      const model = scriptedModel(["Done."]);
      await agentWith(model, memory).generate("And now?", ADA);
      const [prompt = ""] = promptsOf(model);
      expect(prompt).toContain("Question 11");
      expect(prompt).not.toContain("Answer 0");
      expect(prompt).toMatch(/^user: And now\?$/m);
    });
  });

  describe("Mastra's own Memory on our storage", () => {
    const withOptions = (memory: ConstructorParameters<typeof Memory>[0]) => new Memory(memory);

    it("works as on any storage: history, working memory, clones", async () => {
      const memory = withOptions({
        storage: memcubeStore({ os }),
        options: { workingMemory: { enabled: true, scope: "resource" } },
      });
      const model = scriptedModel(["Noted.", "Espresso."]);
      const agent = agentWith(model, memory);
      await agent.generate("I love espresso", ADA);
      const { text } = await agent.generate("What do I love?", ADA);
      expect(text).toBe("Espresso.");
      expect(promptsOf(model)[1]).toContain("user: I love espresso\nassistant: Noted.");

      await memory.updateWorkingMemory({ threadId: "t1", resourceId: "ada", workingMemory: "tea" });
      expect(await memory.getWorkingMemory({ threadId: "t1", resourceId: "ada" })).toBe("tea");
      const { thread, clonedMessages } = await memory.cloneThread({ sourceThreadId: "t1" });
      expect(thread.resourceId).toBe("ada");
      expect(clonedMessages).toHaveLength(4);
      // What it saved is memory like any other.
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      const { hits } = await cube.search("Who loves espresso?", { limit: 1 });
      expect(hits[0]?.memory.payload).toMatchObject({ text: "I love espresso" });
    });

    it("serves a whole Mastra", async () => {
      const model = scriptedModel(["Yo."]);
      const agent = agentWith(model, withOptions({}));
      const mastra = new Mastra({
        agents: { agent },
        storage: memcubeStore({ os }),
        logger: false,
      });
      await mastra.getAgent("agent").generate("Hello there", ADA);
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      expect((await cube.list({ sessionId: "t1" })).items).toHaveLength(2);
    });
  });
});
