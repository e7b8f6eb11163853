/** Answers the cases in a process of its own. Arguments: work directory, count, seed, agents. */
import { answersOf, exactCases, exactEngine } from "./exactness-cases.ts";

const [work = "", count = "0", seed = "1", agents = "1"] = process.argv.slice(2);
const engine = await exactEngine(work);
const answers = await answersOf(engine, exactCases(Number(count), Number(seed)), Number(agents));
await engine.close();
console.log(JSON.stringify(answers));
