/**
 * One agent in a process of its own: says `ready`, begins when a line comes, and prints what its answer
 * took. Arguments: directory of states, number of the agent.
 */
import { once } from "node:events";

import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";

import { answerOf } from "./exactness-cases.ts";
import { sharedQuestion } from "./sharing-prompt.ts";

const [directory = "", agent = "0"] = process.argv.slice(2);
const engine = await llamaEngine({ model: await tinyModel(), threads: 1, kv: { directory } });
console.log("ready");
await once(process.stdin, "data");
console.log(JSON.stringify(await answerOf(engine, sharedQuestion(Number(agent)))));
await engine.close();
process.exit(0);
