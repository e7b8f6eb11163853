import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";

import { MemCubeChatMessageHistory } from "./chat-message-history.ts";
import { startMemOS } from "./memory-os.testing.ts";

const scope = { caller: { userId: "ada" } };

describe("MemCubeChatMessageHistory", () => {
  test("gives back what was added, calls and results with it, in order", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope, sessionId: "s" });
    expect(await history.getMessages()).toEqual([]);
    const call = { id: "c1", name: "weather", args: { city: "Oslo" }, type: "tool_call" as const };
    const messages = [
      new SystemMessage({ id: "m0", content: "Be brief." }),
      new HumanMessage({ id: "m1", content: "Weather in Oslo?", name: "Ada" }),
      new AIMessage({ id: "m2", content: "", tool_calls: [call] }),
      new ToolMessage({ id: "m3", content: "22 degrees", tool_call_id: "c1" }),
      new AIMessage({ id: "m4", content: "Warm." }),
    ];
    await history.addMessages(messages.slice(0, 3));
    await history.addMessages(messages.slice(3));
    await history.addMessages(messages.slice(2));
    const kept = await new MemCubeChatMessageHistory({ os, scope, sessionId: "s" }).getMessages();
    expect(kept.map(({ type, id, content }) => [type, id, content])).toEqual(
      messages.map(({ type, id, content }) => [type, id, content]),
    );
    expect(kept[1]!.name).toBe("Ada");
    expect((kept[2] as AIMessage).tool_calls).toEqual([call]);
    expect((kept[3] as ToolMessage).tool_call_id).toBe("c1");
  });

  test("messages added at the same time keep their order", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope });
    const texts = Array.from({ length: 25 }, (_, i) => `line ${i}`);
    await Promise.all(texts.map(async (text) => await history.addUserMessage(text)));
    expect((await history.getMessages()).map(({ text }) => text)).toEqual(texts);
    const writing = history.addUserMessage("not waited for");
    expect((await history.getMessages()).at(-1)?.text).toBe("not waited for");
    await writing;
  });

  test("sessions and users are apart; clear destroys one session only", async () => {
    const { os } = startMemOS();
    const one = new MemCubeChatMessageHistory({ os, scope, sessionId: "one" });
    const two = new MemCubeChatMessageHistory({ os, scope: { ...scope, sessionId: "two" } });
    const bob = { caller: { userId: "bob" } };
    const other = new MemCubeChatMessageHistory({ os, scope: bob, sessionId: "one" });
    await one.addUserMessage("in one");
    await two.addAIMessage("in two");
    await other.addUserMessage("bob's");
    await one.clear();
    expect(await one.getMessages()).toEqual([]);
    expect((await two.getMessages()).map(({ text }) => text)).toEqual(["in two"]);
    expect((await other.getMessages()).map(({ text }) => text)).toEqual(["bob's"]);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    expect((await cube.search("in one")).text).not.toContain("in one");
  });

  test("a failed write is told of and does not stop the next", async () => {
    const { os } = startMemOS();
    let cube: string | undefined = "nobody's";
    const history = new MemCubeChatMessageHistory({
      os,
      scope: () => ({ ...scope, ...(cube === undefined ? {} : { cube }) }),
    });
    await expect(history.addUserMessage("lost")).rejects.toMatchObject({
      code: "MEMCUBE_CUBE_NOT_FOUND",
    });
    cube = undefined;
    await history.addUserMessage("kept");
    expect((await history.getMessages()).map(({ text }) => text)).toEqual(["kept"]);
  });

  test("a message that can't be kept is told of; those beside it are there", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope });
    const messages = [new HumanMessage("long ".repeat(1_700_000)), new HumanMessage("short")];
    await expect(history.addMessages(messages)).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
    expect((await history.getMessages()).map(({ text }) => text)).toEqual(["short"]);
  });

  test("a message that no memory holds whole comes back whole, and is cleared", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope });
    const said = "long ".repeat(300_000);
    await history.addMessages([new HumanMessage(said), new AIMessage("short")]);
    const texts = (await history.getMessages()).map(({ text }) => text);
    expect(texts).toHaveLength(2);
    expect(texts[0] === said).toBe(true);
    expect(texts[1]).toBe("short");
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
  });

  test("takes a message again that was cleared", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope });
    const message = new HumanMessage({ id: "m1", content: "hello" });
    await history.addMessage(message);
    await history.clear();
    await history.addMessage(message);
    expect((await history.getMessages()).map(({ text }) => text)).toEqual(["hello"]);
  });

  test("a long one comes as a summary and its latest messages", async () => {
    const { os } = startMemOS();
    const history = new MemCubeChatMessageHistory({ os, scope, historyTokens: 200 });
    const turns = Array.from({ length: 40 }, (_, i) => [
      new HumanMessage(`Which chapter is about river ${i}?`),
      new AIMessage(`River ${i} is in chapter ${i + 100}.`),
    ]).flat();
    await history.addMessages(turns);
    const messages = await history.getMessages();
    expect(messages.length).toBeLessThan(20);
    expect(messages[0]!.type).toBe("system");
    expect(messages[0]!.text).toMatch(/^Earlier in this conversation.*\n.*chapter 1\d\d/s);
    expect(messages[1]!.type).toBe("human");
    expect(messages.at(-1)!.text).toBe("River 39 is in chapter 139.");
  });
});
