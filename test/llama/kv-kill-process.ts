/** Stores one prefix after the other until it is killed. Argument: directory. */
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";

const [directory = ""] = process.argv.slice(2);
const engine = await llamaEngine({ model: await tinyModel(), threads: 1, kv: { directory } });
for (let round = 0; ; round += 1) {
  const text = Array.from(
    { length: 40 },
    (_, at) => `Process ${process.pid}, round ${round}, line ${at}.`,
  ).join(" ");
  const messages = [{ role: "user", text }] as const;
  for await (const part of engine.generate({ messages, sampling: { maxTokens: 1 } })) {
    if (part.type === "finish") console.log(`stored ${part.usage.writtenTokens}`);
  }
}
