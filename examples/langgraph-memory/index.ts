/**
 * Four processes, one memory: a traveller says something; in another conversation a plan follows from it
 * and waits for approval; a third process approves; a fourth goes back in time and declines.
 * `node index.ts [FILE]` runs all of them, `node index.ts FILE STEP` one.
 */
import { spawnSync } from "node:child_process";

import { HumanMessage } from "@langchain/core/messages";
import { Command } from "@langchain/langgraph";
import { MemCubeStore } from "@memcube/langgraph";
import { open } from "memcube";

import { travelAgent } from "./graph.ts";

const [file = "travel.db", step] = process.argv.slice(2);
const thread = (id: string) => ({ configurable: { thread_id: id } });
const say = (text: string) => ({ messages: [new HumanMessage(text)], traveller: "ada" });
type Agent = ReturnType<typeof travelAgent>;

const STEPS: Readonly<Record<string, (agent: Agent) => Promise<void>>> = {
  async tell(agent) {
    const said = "I am a vegetarian, and I don't fly before ten.";
    console.log(`ada:   ${said}`);
    const { messages } = await agent.invoke(say(said), thread("monday"));
    console.log(`agent: ${messages.at(-1)?.text}`);
  },

  async ask(agent) {
    const asked = "Plan a weekend in Porto for me.";
    console.log(`ada:   ${asked}`);
    const { messages } = await agent.invoke(say(asked), thread("tuesday"));
    console.log(`agent: ${messages.at(-1)?.text}`);
    console.log(`       (waits before: ${(await agent.getState(thread("tuesday"))).next.join()})`);
  },

  async approve(agent) {
    const [task] = (await agent.getState(thread("tuesday"))).tasks;
    console.log(`       (waiting: ${JSON.stringify(task?.interrupts[0]?.value)})`);
    console.log("ada:   yes");
    const { messages } = await agent.invoke(new Command({ resume: "yes" }), thread("tuesday"));
    console.log(`agent: ${messages.at(-1)?.text}`);
  },

  async rewind(agent) {
    for await (const past of agent.getStateHistory(thread("tuesday"))) {
      if (past.next[0] !== "approve") continue;
      console.log("       (back to the moment after the plan: it is asked once more)");
      await agent.invoke(null, await agent.updateState(past.config, {}, "plan"));
      console.log("ada:   no");
      const { messages } = await agent.invoke(new Command({ resume: "no" }), thread("tuesday"));
      console.log(`agent: ${messages.at(-1)?.text}`);
      return;
    }
  },
};

if (step === undefined) {
  for (const name of Object.keys(STEPS)) {
    console.log(`\n-- ${name}, in a process of its own`);
    const args = [...process.execArgv, import.meta.filename, file, name];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
} else {
  const os = await open({ path: file });
  const agent = travelAgent(os);
  await STEPS[step]?.(agent);
  if (step === "rewind") await showMemory(new MemCubeStore({ os }));
  await os.close();
}

/** What is known now is memory like any other: `npx memcube search` finds it, too. */
async function showMemory(store: MemCubeStore): Promise<void> {
  console.log("\n-- what is kept of ada");
  for (const { namespace, value } of await store.search(["travellers", "ada"])) {
    console.log(`${namespace.join("/")}: ${JSON.stringify(value)}`);
  }
}
