/** Chains of LangChain, today's and those of `@langchain/classic`, with their memory on memcube. */
import { ConversationChain } from "@langchain/classic/chains";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeEmbeddings, FakeListChatModel } from "@langchain/core/utils/testing";
import { createMemOS, type MemOS } from "@memcube/core";
import {
  embedderFrom,
  MemCubeChatMessageHistory,
  MemCubeMemory,
  MemCubeVectorStore,
} from "@memcube/langchain";
import { afterEach, expect, test } from "vitest";

import { eachPlace } from "../servers/each-storage.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

const scope = { caller: { userId: "ada" } };

eachPlace((makePlace) => {
  async function start(options: Partial<Parameters<typeof createMemOS>[0]> = {}): Promise<MemOS> {
    const os = createMemOS({ ...options, storage: await makePlace()() });
    opened.push(os);
    return os;
  }

  test("RunnableWithMessageHistory keeps its sessions", async () => {
    const os = await start();
    const prompt = ChatPromptTemplate.fromMessages([
      new MessagesPlaceholder("history"),
      ["human", "{input}"],
    ]);
    // eslint-disable-next-line typescript/no-deprecated -- people still have it, and come with it
    const chain = new RunnableWithMessageHistory({
      runnable: prompt.pipe(new FakeListChatModel({ responses: ["one", "two", "three"] })),
      getMessageHistory: (sessionId: string) =>
        new MemCubeChatMessageHistory({ os, scope, sessionId }),
      inputMessagesKey: "input",
      historyMessagesKey: "history",
    });
    const on = (sessionId: string) => ({ configurable: { sessionId } });
    await chain.invoke({ input: "a" }, on("s"));
    await chain.invoke({ input: "b" }, on("s"));
    await chain.invoke({ input: "c" }, on("other"));
    const history = new MemCubeChatMessageHistory({ os, scope, sessionId: "s" });
    expect((await history.getMessages()).map(({ text }) => text)).toEqual(["a", "one", "b", "two"]);
  });

  test("ConversationChain takes it for its memory, and knows other sessions", async () => {
    const os = await start();
    const noted = new MemCubeMemory({ os, scope, sessionId: "before" });
    await noted.saveContext({ input: "My locker is number 88." }, { output: "Noted." });
    const memory = new MemCubeMemory({ os, scope, sessionId: "now" });
    const llm = new FakeListChatModel({ responses: ["88, I think.", "You are welcome."] });
    const prompts: string[] = [];
    const callbacks = [
      {
        handleChatModelStart: (_: unknown, messages: { text: string }[][]) => {
          prompts.push(
            messages
              .flat()
              .map(({ text }) => text)
              .join("\n"),
          );
        },
      },
    ];
    const chain = new ConversationChain({ llm, memory });
    await chain.invoke({ input: "Which number has my locker?" }, { callbacks });
    await chain.invoke({ input: "Thanks!" }, { callbacks });
    expect(prompts[0]).toContain("My locker is number 88.");
    expect(prompts[1]).toContain("Human: Which number has my locker?\nAI: 88, I think.");
  });

  test("a vector store searches by meaning with embeddings of LangChain", async () => {
    const embeddings = new FakeEmbeddings();
    const embedder = embedderFrom(embeddings, { model: "fake", dimensions: 4 });
    const os = await start({ embedder });
    const store = new MemCubeVectorStore({ os, scope });
    const [id] = await store.addDocuments([{ pageContent: "Rain falls.", metadata: { day: 1 } }]);
    await os.idle();
    const [found] = await store.similaritySearchWithScore("weather", 1, { day: 1 });
    expect(found?.[0].id).toBe(id);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const { hits } = await cube.search("weather");
    expect(hits[0]!.why.vector).toBeGreaterThan(0.9);
  });
});
