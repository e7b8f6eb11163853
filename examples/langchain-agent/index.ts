/**
 * An agent that remembers: three processes, three conversations, one memory. In the first ada says
 * something, in the second the agent goes by it, in the third it corrects itself with memory's tools.
 * `node index.ts [FILE]` runs all of them, `node index.ts FILE STEP` one.
 */
import { spawnSync } from "node:child_process";

import { HumanMessage } from "@langchain/core/messages";
import { memcubeMiddleware } from "@memcube/langchain";
import { MemCubeSaver } from "@memcube/langgraph";
import { createAgent } from "langchain";
import { open, type MemOS } from "memcube";

import { newModel } from "./model.ts";

const [file = "agent.db", step] = process.argv.slice(2);
const scope = { caller: { userId: "ada", agentId: "cook" } };

const STEPS: Readonly<Record<string, readonly string[]>> = {
  monday: ["I live in Oslo and I am allergic to nuts.", "What shall I eat tonight?"],
  friday: ["What shall I eat tonight?"],
  june: ["I moved to Bergen last week.", "What shall I eat tonight?"],
};

function newAgent(os: MemOS) {
  return createAgent({
    model: newModel(),
    tools: [],
    systemPrompt: "You are a cook. Be brief.",
    middleware: [memcubeMiddleware({ os, scope, tools: true, historyTokens: 4_000 })],
    checkpointer: new MemCubeSaver({ os, scope }),
  });
}

if (step === undefined) {
  for (const name of Object.keys(STEPS)) {
    console.log(`\n-- ${name}, in a process of its own`);
    const args = [...process.execArgv, import.meta.filename, file, name];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
} else {
  const os = await open({ path: file });
  const agent = newAgent(os);
  for (const said of STEPS[step] ?? []) {
    console.log(`ada:   ${said}`);
    const thread = { configurable: { thread_id: step } };
    const { messages } = await agent.invoke({ messages: [new HumanMessage(said)] }, thread);
    console.log(`agent: ${messages.at(-1)?.text}`);
  }
  if (step === "june") await showMemory(os);
  await os.close();
}

/** What the agent corrected, and who says so: every version is kept. */
async function showMemory(os: MemOS): Promise<void> {
  const cube = await os.as(scope.caller).cube("user:ada");
  const { items } = await cube.list({ types: ["fact"] });
  console.log("\n-- what was corrected");
  for (const { header } of items) {
    for (const { payload, note, written } of await cube.history(header.id)) {
      const by = `${written?.actor?.agentId} via ${written?.actor?.via}`;
      console.log(`${"text" in payload ? payload.text : ""} (${by}${note ? `: ${note}` : ""})`);
    }
  }
}
