/**
 * Asks an agent of LangChain with memory, and tells what it answered. Arguments: file of memories, folder of
 * states, system message, whether states are used, after how many uses they are promoted. The answer is one
 * line of JSON; what is promoted is promoted after it.
 */
import { ChatMemCube, memcubeMiddleware } from "@memcube/langchain";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { createAgent, HumanMessage } from "langchain";
import { open } from "memcube";

const [path = "", directory = "", systemPrompt = "", cachePrompt = "true", uses = "3"] =
  process.argv.slice(2);
const engine = await llamaEngine({
  model: await tinyModel(),
  threads: 1,
  contextSize: 2_048,
  kv: { directory },
});
const os = await open({ path, engine, promotion: { afterUses: Number(uses) } });
const agent = createAgent({
  model: new ChatMemCube({ engine, maxTokens: 10, cachePrompt: cachePrompt === "true" }),
  tools: [],
  systemPrompt,
  middleware: [memcubeMiddleware({ os })],
});
const context = { userId: "ada" };
const messages = [new HumanMessage("What is fact 4?")];
const answer = (await agent.invoke({ messages }, { context })).messages.at(-1);
const usage = (answer as { usage_metadata?: { input_token_details?: { cache_read?: number } } })
  .usage_metadata;
console.log(JSON.stringify({ text: answer?.text, cached: usage?.input_token_details?.cache_read }));
await os.close();
await engine.close();
