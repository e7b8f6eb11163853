import type { Document } from "@langchain/core/documents";
import { AIMessage, HumanMessage, type ToolMessage } from "@langchain/core/messages";
import { createAgent } from "langchain";
import { describe, expect, test } from "vitest";

import { startMemOS, textsOf } from "./memory-os.testing.ts";
import { memcubeMiddleware } from "./middleware.ts";
import { MemCubeRetriever, memcubeRetrieverTool } from "./retriever.ts";
import { calling, ScriptedModel } from "./scripted-model.testing.ts";

const scope = { caller: { userId: "ada" } };

async function start() {
  const { os } = startMemOS();
  const cube = await os.as({ userId: "ada" }).cube("user:ada");
  const turn = { id: "m1", role: "user", name: "Ada", content: "The launch is on 3 May." };
  const { ids } = await cube.add([{ ...turn, createdAt: "2026-01-02T10:00:00Z" }], {
    sessionId: "s1",
  });
  await cube.add({ text: "The launch needs a permit.", title: "Rules", uri: "rules.md" });
  await cube.add({ type: "fact", text: "The cat is called Miso." }, { tags: ["pets"] });
  return { os, cube, id: ids[0]! };
}

describe("MemCubeRetriever", () => {
  test("gives documents with their provenance, the best first", async () => {
    const { os, id } = await start();
    const retriever = new MemCubeRetriever({ os, scope, k: 2 });
    const documents = await retriever.invoke("When is the launch?");
    expect(documents.map(({ pageContent }) => pageContent)).toEqual([
      "The launch is on 3 May.",
      "The launch needs a permit.",
    ]);
    expect(documents[0]).toMatchObject({
      id,
      metadata: {
        source: "m1",
        memory: {
          id,
          cubeId: "user:ada",
          type: "turn",
          version: 1,
          score: expect.any(Number),
          at: "2026-01-02T10:00:00.000Z",
          owner: "user:ada",
          speaker: "Ada",
          sessionId: "s1",
          tags: [],
        },
      },
    });
    expect(documents[1]!.metadata).toMatchObject({ source: "rules.md", title: "Rules" });
  });

  test("is narrowed by filters and by confidence", async () => {
    const { os } = await start();
    const pets = new MemCubeRetriever({ os, scope, filter: { tags: ["pets"] } });
    expect(await pets.invoke("launch of the cat")).toHaveLength(1);
    const asked = "Which colour has the bicycle of the cat?";
    expect(await new MemCubeRetriever({ os, scope }).invoke(asked)).not.toEqual([]);
    const sure = new MemCubeRetriever({ os, scope, minConfidence: 0.99 });
    expect(await sure.invoke(asked)).toEqual([]);
  });

  test("finds nothing where nobody has written, and makes no cube", async () => {
    const { os } = startMemOS();
    const retriever = new MemCubeRetriever({ os, scope });
    expect(await retriever.invoke("anything")).toEqual([]);
    expect((await os.as({ userId: "ada" }).listCubes()).items).toEqual([]);
  });

  test("refuses what the caller may not read", async () => {
    const { os } = await start();
    const eve = { caller: { userId: "eve" }, cube: "user:ada" };
    await expect(new MemCubeRetriever({ os, scope: eve }).invoke("launch")).rejects.toMatchObject({
      code: "MEMCUBE_CUBE_NOT_FOUND",
    });
  });

  test("runs in batches, pipes and with callbacks", async () => {
    const { os } = await start();
    const events: string[] = [];
    const retriever = new MemCubeRetriever({
      os,
      scope: () => scope,
      callbacks: [
        {
          handleRetrieverStart: () => void events.push("start"),
          handleRetrieverEnd: (documents: Document[]) => void events.push(`${documents.length}`),
        },
      ],
    });
    const count = retriever.pipe((documents) => documents.length);
    expect(await count.batch(["launch", "cat"])).toEqual([2, 1]);
    expect(events.toSorted()).toEqual(["1", "2", "start", "start"]);
  });
});

describe("memcubeRetrieverTool", () => {
  test("gives a model text and the application documents, and is not remembered itself", async () => {
    const { os } = await start();
    const model = new ScriptedModel()
      .respond(calling("search_memory", { query: "launch" }))
      .respond(new AIMessage("On 3 May."));
    const agent = createAgent({
      model,
      tools: [memcubeRetrieverTool({ os, scope })],
      middleware: [memcubeMiddleware({ os, scope, keepTools: true, budgetTokens: 0 })],
    });
    const { messages } = await agent.invoke({ messages: [new HumanMessage("When is it?")] });
    const answer = messages.find(({ type }) => type === "tool") as ToolMessage;
    expect(answer.text).toContain("2 January 2026:\nAda: The launch is on 3 May.");
    const documents = answer.artifact as Document[];
    expect(documents[0]!.metadata).toMatchObject({ memory: { sessionId: "s1" } });
    expect((await textsOf(os, "ada")).slice(3)).toEqual(["When is it?", "On 3 May."]);
  });

  test("takes a name and description of your own", async () => {
    const { os } = await start();
    const name = "search_minutes";
    const minutes = memcubeRetrieverTool({ os, scope, name, description: "Minutes." });
    expect(minutes).toMatchObject({ name, description: "Minutes." });
    expect(await minutes.invoke({ query: "launch" })).toContain("permit");
  });
});
