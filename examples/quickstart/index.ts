/**
 * An agent with memory and no framework: prepare -> model -> absorb -> report. Run it twice: the second
 * time it remembers from the beginning. `node index.ts [FILE]`
 */
import { open } from "memcube";

const os = await open({ path: process.argv[2] ?? "quickstart.db" });
const me = os.as({ userId: "ada", agentId: "quickstart" });

/** Stands for your model, so that this runs without a key: it says the best line it was given. */
async function model(prompt: { system: string; memories: string; user: string }): Promise<string> {
  const lines = prompt.memories.split("\n").filter((line) => /^user: .*[^?]$/.test(line));
  const about = lines.find((line) => /live|moved/.test(line)) ?? lines.at(-1);
  const known = about === undefined ? "nothing yet" : `that you said "${about.slice(6)}"`;
  return await Promise.resolve(prompt.user.endsWith("?") ? `I remember ${known}.` : "Noted.");
}

async function chat(sessionId: string, id: string, text: string): Promise<void> {
  const said = { id, role: "user", content: text };

  // What memory adds to the prompt: a stable part for the system message, a volatile one for this turn.
  const plan = await me.prepare({ sessionId, messages: [said], budgetTokens: 512 });
  const system = `You are a helpful assistant.\n${plan.stable}`;
  const reply = await model({ system, memories: plan.volatile, user: text });

  // What was said becomes memory; turns with ids are taken once, however often they come.
  const answered = { id: `${id}-reply`, role: "assistant", content: reply };
  await me.absorb({ sessionId, turns: [said, answered] });
  await plan.report({ used: plan.hits.length > 0 });

  console.log(`${sessionId}  ada:   ${text}`);
  console.log(`${sessionId}  agent: ${reply}`);
}

await chat("monday", "m1", "Where do I live?");
await chat("monday", "m2", "I moved to Turin in May, close to the river.");
await chat("monday", "m3", "My sister Iris visits on Sunday.");
await chat("friday", "f1", "Where do I live?");

await os.close();
