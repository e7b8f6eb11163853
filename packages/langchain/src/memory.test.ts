import { describe, expect, test } from "vitest";

import { startMemOS } from "./memory-os.testing.ts";
import { MemCubeMemory } from "./memory.ts";

const scope = { caller: { userId: "ada" } };

describe("MemCubeMemory", () => {
  test("is empty at first, then the conversation, then what other sessions said", async () => {
    const { os } = startMemOS();
    const memory = new MemCubeMemory({ os, scope, sessionId: "one" });
    expect(memory.memoryKeys).toEqual(["history"]);
    expect(await memory.loadMemoryVariables({ input: "hi" })).toEqual({ history: "" });
    await memory.saveContext({ input: "My dog is Biscuit." }, { response: "Noted." });
    expect(await memory.loadMemoryVariables({ input: "and?" })).toEqual({
      history: "Human: My dog is Biscuit.\nAI: Noted.",
    });
    const next = new MemCubeMemory({ os, scope, sessionId: "two" });
    const { history } = await next.loadMemoryVariables({ input: "What is my dog called?" });
    expect(history).toMatch(/^From memory.*Biscuit/s);
    await memory.clear();
    expect((await next.loadMemoryVariables({ input: "dog?" }))["history"]).toBe("");
  });

  test("returns messages where a chat prompt wants them, within their bound", async () => {
    const { os } = startMemOS();
    const memory = new MemCubeMemory({
      os,
      scope,
      returnMessages: true,
      memoryKey: "said",
      historyTokens: 120,
    });
    for (let i = 0; i < 20; i++) {
      await memory.saveContext({ input: `Stone ${i} is grey.` }, { output: `Stone ${i} noted.` });
    }
    const { said } = await memory.loadMemoryVariables({ input: "Go on." });
    const messages = said as readonly { type: string; text: string }[];
    expect(messages.length).toBeLessThan(14);
    expect(messages[0]!.type).toBe("system");
    expect(messages.at(-1)!.text).toBe("Stone 19 noted.");
    expect(messages.some(({ text }) => text === "Go on.")).toBe(false);
  });

  test("of several values the one to remember is named", async () => {
    const { os } = startMemOS();
    const memory = new MemCubeMemory({ os, scope });
    const input = { question: "Why?", style: "short" };
    await expect(memory.saveContext(input, { text: "So." })).rejects.toThrow(/inputKey/);
    const named = new MemCubeMemory({ os, scope, inputKey: "question" });
    await named.saveContext(input, { text: "So." });
    expect(await named.loadMemoryVariables({ ...input, history: "" })).toEqual({
      history: "Human: Why?\nAI: So.",
    });
  });
});
