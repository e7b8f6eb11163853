/**
 * One memory, four frameworks: what the assistant of one was told, those of the others know. Each change
 * in the log says through which adapter it came, and who may not see the cube is told nothing.
 */
import { isMemCubeError, open } from "memcube";

import { aiSdk } from "./ai-sdk.ts";
import type { Assistant, Household } from "./assistant.ts";
import { langchain } from "./langchain.ts";
import { langgraph } from "./langgraph.ts";
import { mastra } from "./mastra.ts";

const TOLD: readonly {
  readonly assistant: Assistant;
  readonly fact: string;
  readonly question: string;
}[] = [
  {
    assistant: langchain,
    fact: "The spare garage key hangs behind the boiler.",
    question: "Where is the spare garage key?",
  },
  {
    assistant: langgraph,
    fact: "Our plumber is Mario Bianchi from Moncalieri.",
    question: "From where is our plumber Mario?",
  },
  {
    assistant: aiSdk,
    fact: "Grandmother celebrates her birthday in March at the lake.",
    question: "Where does grandmother celebrate her birthday?",
  },
  {
    assistant: mastra,
    fact: "The piano was tuned in October by Signora Ferri.",
    question: "Who tuned the piano in October?",
  },
];

const [file = "household.db"] = process.argv.slice(2);
const os = await open({ path: file });
const ada = os.as({ userId: "ada" });
const cube = await ada.createCube("household", {
  title: "Home",
  allow: ["user:ada", "user:tom"],
  writers: ["user:ada", "user:tom"],
});

const memberOf = (userId: string, { framework }: Assistant): Household => ({
  caller: { userId, agentId: framework },
  cube: cube.id,
});

for (const { assistant, fact } of TOLD) {
  const reply = await assistant.say(os, memberOf("ada", assistant), fact);
  console.log(`ada -> ${assistant.framework}: ${fact} - ${reply}`);
}

console.log("\n-- tom asks every assistant for what another one was told");
for (const { assistant, question } of TOLD) {
  for (const other of TOLD.filter((each) => each.assistant !== assistant)) {
    const reply = await other.assistant.say(os, memberOf("tom", other.assistant), question);
    console.log(`tom -> ${other.assistant.framework}: ${question} - ${reply}`);
  }
}

console.log("\n-- who told it, by the log");
for await (const { op, actor } of cube.log()) {
  if (op === "add" && actor.userId === "ada") {
    console.log(`${actor.userId} by ${actor.agentId} via ${actor.via}`);
  }
}

console.log("\n-- eve is not of the household");
for (const { assistant, question } of TOLD) {
  const reply = await assistant.say(os, memberOf("eve", assistant), question).catch(codeOf);
  console.log(`eve -> ${assistant.framework}: ${question} - ${reply}`);
}
await os.close();

/** The code of what memory raised, through whatever a framework made of it. */
function codeOf(error: unknown): string {
  if (isMemCubeError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : String(error);
}
