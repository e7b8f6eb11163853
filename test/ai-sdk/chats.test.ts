import { validateUIMessages, type UIMessage } from "ai";
import { memcubeChats } from "@memcube/ai-sdk";
import { describe, expect, it } from "vitest";

import { emptyOS } from "./remembered.ts";

const said = (id: string, role: "user" | "assistant", text: string): UIMessage => ({
  id,
  role,
  parts: [{ type: "text", text }],
});

/** A message with everything that the AI SDK's user interface keeps. */
const rich: UIMessage = {
  id: "m2",
  role: "assistant",
  metadata: { model: "gpt-5", createdAt: 1_700_000_000_000, nested: { list: [1, null, "x"] } },
  parts: [
    { type: "step-start" },
    {
      type: "reasoning",
      text: "Hm …\r\n\tso.",
      state: "done",
      providerMetadata: { p: { s: "x" } },
    },
    {
      type: "tool-weather",
      toolCallId: "c1",
      state: "output-available",
      input: { city: "Zürich" },
      output: { celsius: -3.5, list: [] },
      callProviderMetadata: { p: { id: "1" } },
    },
    { type: "file", mediaType: "image/png", filename: "a.png", url: "data:image/png;base64,AAAA" },
    { type: "source-url", sourceId: "s", url: "https://example.org", title: "An example" },
    { type: "data-chart", id: "d", data: { points: [[1, 2]] } },
    { type: "text", text: "It is **cold** 🥶.\n\n```js\n1\n```\n", state: "done" },
  ],
};

function chats(userId = "ada") {
  const os = emptyOS();
  return { os, of: (user = userId) => memcubeChats({ os, scope: { caller: { userId: user } } }) };
}

describe("memcubeChats", () => {
  it("gives back what was saved, part by part", async () => {
    const { of } = chats();
    const messages = [said("m1", "user", "How is the weather?"), rich];
    await of().saveChat({ chatId: "c1", messages });
    const loaded = await of().loadChat<UIMessage>("c1");
    expect(loaded).toEqual(messages);
    expect(await validateUIMessages({ messages: loaded })).toEqual(messages);
  });

  it("writes what changed only, and forgets what is not there any more", async () => {
    const { of, os } = chats();
    const first = said("m1", "user", "Hello");
    const stopped = said("m2", "assistant", "He");
    await of().saveChat({ chatId: "c1", messages: [first, stopped] });
    const cube = await os.as({ userId: "ada" }).cube("chats:ada");
    const position = await cube.position();
    await of().saveChat({ chatId: "c1", messages: [first, stopped] });
    expect(await cube.position()).toEqual(position);
    const again = [first, said("m3", "assistant", "Hello!")];
    await of().saveChat({ chatId: "c1", messages: again });
    expect(await of().loadChat("c1")).toEqual(again);
    await of().saveChat({ chatId: "c1", messages: [first, stopped] });
    expect(await of().loadChat("c1")).toEqual([first, stopped]);
  });

  it("lists chats, newest first, page by page", async () => {
    const { of } = chats();
    for (const id of ["a", "b", "c"]) {
      const messages = [said("1", "user", `  Talk\n about ${id}`), said("2", "assistant", "ok")];
      await of().saveChat({ chatId: id, messages });
    }
    await of().saveChat({ chatId: "b", messages: [], title: "Named" });
    const { items, cursor } = await of().listChats({ limit: 2 });
    expect(items).toMatchObject([
      { id: "c", title: "Talk about c", messages: 2, createdAt: expect.any(Number) },
      { id: "b", title: "Named", messages: 0 },
    ]);
    const rest = await of().listChats({ limit: 2, ...(cursor && { cursor }) });
    expect(rest.items.map(({ id }) => id)).toEqual(["a"]);
  });

  it("keeps users apart and chats out of what is remembered", async () => {
    const { of, os } = chats();
    await of("ada").saveChat({ chatId: "c1", messages: [said("m1", "user", "secret")] });
    expect(await of("bob").loadChat("c1")).toEqual([]);
    expect(await of("bob").listChats()).toEqual({ items: [] });
    await of("bob").saveChat({ chatId: "c1", messages: [said("m1", "user", "mine")] });
    expect(await of("ada").loadChat("c1")).toMatchObject([{ parts: [{ text: "secret" }] }]);
    const plan = await os.as({ userId: "ada" }).prepare({ messages: "What is the secret?" });
    expect(plan.hits).toEqual([]);
    expect((await os.as({ userId: "carol" }).listCubes()).items).toEqual([]);
    expect(await of("carol").loadChat("c1")).toEqual([]);
    expect((await os.as({ userId: "carol" }).listCubes()).items).toEqual([]);
  });

  it("destroys a deleted chat with what was in it before", async () => {
    const { of, os } = chats();
    await of().saveChat({ chatId: "c1", messages: [said("m1", "user", "PIN 4711"), rich] });
    await of().saveChat({ chatId: "c1", messages: [said("m3", "user", "never mind")] });
    await of().saveChat({ chatId: "c2", messages: [said("m1", "user", "stays")] });
    await of().deleteChat("c1");
    await of().deleteChat("unknown");
    await of("nobody").deleteChat("c1");
    expect(await of().loadChat("c1")).toEqual([]);
    expect((await of().listChats()).items.map(({ id }) => id)).toEqual(["c2"]);
    const cube = await os.as({ userId: "ada" }).cube("chats:ada");
    const lines: string[] = [];
    for await (const line of cube.export()) lines.push(JSON.stringify(line));
    expect(lines.join("\n")).not.toContain("4711");
    expect(lines.join("\n")).toContain("stays");
  });

  it("takes ids of any length, and says which message it can't take", async () => {
    const { of } = chats("u".repeat(256));
    const long = "x".repeat(1_000);
    const messages = [said(long, "user", "a"), said(`${long}y`, "assistant", "b")];
    await of().saveChat({ chatId: long, messages });
    expect(await of().loadChat(long)).toEqual(messages);
    const bad = { id: "m", role: "user" as const, parts: [{ type: "text", text: () => "no" }] };
    await expect(of().saveChat({ chatId: "c", messages: [bad] })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });
});
