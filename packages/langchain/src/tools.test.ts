import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { MEMORY_TOOL_NAMES } from "@memcube/core";
import { createAgent } from "langchain";
import { describe, expect, test } from "vitest";

import { changesOf, startMemOS, textsOf } from "./memory-os.testing.ts";
import { memcubeMiddleware } from "./middleware.ts";
import { memcubeTools } from "./tools.ts";
import { calling, ScriptedModel } from "./scripted-model.testing.ts";

const ada = { context: { userId: "ada" } };

describe("memcubeTools", () => {
  test("an agent corrects and forgets for the user it runs for", async () => {
    const { os } = startMemOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const { ids } = await cube.add([
      { type: "fact", text: "Ada lives in Oslo." },
      { type: "fact", text: "Ada plays the cello." },
    ]);
    const model = new ScriptedModel()
      .respond(calling("correct_memory", { id: ids[0], text: "Ada lives in Bergen." }))
      .respond(calling("forget_memory", { id: ids[1] }))
      .respond(calling("add_memory", { text: "Ada's dog is Biscuit." }))
      .respond(new AIMessage("Done."));
    const middleware = [memcubeMiddleware({ os, tools: true })];
    const agent = createAgent({ model, tools: [], middleware });
    await agent.invoke({ messages: [new HumanMessage("Please tidy up.")] }, ada);
    expect(await textsOf(os, "ada")).toEqual([
      "Ada lives in Bergen.",
      "Ada's dog is Biscuit.",
      "Please tidy up.",
      "Done.",
    ]);
    const log = await changesOf(cube);
    expect(log.find(({ op }) => op === "forget")).toMatchObject({
      actor: { userId: "ada", via: "langchain" },
      memoryId: ids[1],
    });
  });

  test("a model reads what it may not do, and goes on", async () => {
    const { os } = startMemOS();
    const boss = os.as({ userId: "boss" });
    const team = await boss.createCube("team", { allow: ["everyone"] });
    const { ids } = await team.add({ type: "fact", text: "Rent is due on Monday." });
    const model = new ScriptedModel()
      .respond(calling("search_memory", { query: "rent" }))
      .respond(calling("forget_memory", { id: ids[0] }))
      .respond(new AIMessage("I may not."));
    const agent = createAgent({ model, tools: memcubeTools({ os, scope: { cube: "team" } }) });
    const result = await agent.invoke({ messages: [new HumanMessage("Forget the rent.")] }, ada);
    const answers = result.messages
      .filter((message) => ToolMessage.isInstance(message))
      .map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    expect(answers).toMatchObject([
      { memories: [{ id: ids[0], text: "Rent is due on Monday.", owner: "user:boss" }] },
      { error: expect.stringContaining("may not"), code: "MEMCUBE_FORBIDDEN" },
    ]);
    expect(await team.get(ids[0]!)).toBeDefined();
  });

  test("are those asked for, with the texts of core", () => {
    const { os } = startMemOS();
    const core = os.as({ userId: "x" }).tools();
    expect(memcubeTools({ os }).map(({ name }) => name)).toEqual(MEMORY_TOOL_NAMES);
    expect(memcubeTools({ os }).map(({ description }) => description)).toEqual(
      core.map(({ description }) => description),
    );
    const only = ["add_memory"] as const;
    expect(memcubeMiddleware({ os, tools: only }).tools?.map(({ name }) => name)).toEqual(only);
    expect(memcubeMiddleware({ os }).tools).toEqual([]);
  });

  test("can be called by themselves, for the user of the scope", async () => {
    const { os } = startMemOS();
    const [search, add] = memcubeTools({ os, scope: { caller: { userId: "ada" } } });
    await add!.invoke({ text: "Ada's desk is at the window." });
    const found = JSON.parse((await search!.invoke({ query: "desk" })) as string) as unknown;
    expect(found).toMatchObject({ memories: [{ text: "Ada's desk is at the window." }] });
  });
});
