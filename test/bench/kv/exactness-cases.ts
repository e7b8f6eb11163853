import type { Engine, EngineRequest } from "@memcube/core";
import { llamaEngine, loraDirectory } from "@memcube/llama";
import { tinyLora, tinyModel } from "@memcube/llama/testing";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { randomOf } from "../random.ts";

const WORDS = (
  "memory agent paris tea green monday nine city colour food animal name likes lives works " +
  "question answer user system remember meeting favourite capital country people facts store"
).split(" ");
const DOCUMENTS = 6;
const DOCUMENT_WORDS = 1_600;
const ANSWER_TOKENS = 16;
const LORA = "style";

/** Opens an engine on a directory of states; the same model and LoRA each time. */
export async function exactEngine(work: string): Promise<Engine> {
  const model = await tinyModel();
  const loras = loraDirectory({ directory: join(work, "loras") });
  const file = join(work, `lora-${process.pid}.gguf`);
  const baseSha256 = createHash("sha256")
    .update(await readFile(model))
    .digest("hex");
  await tinyLora(file, { base: model, baseSha256 });
  const base = { modelPath: model, modelSha256: baseSha256 };
  await loras.add(file, { base, name: LORA });
  const kv = { directory: join(work, "states") };
  return await llamaEngine({ model, threads: 1, maxContexts: 4, lora: loras, kv });
}

/**
 * Random questions behind prefixes of random length: some of the same document, so that they share pages,
 * some cut at a page's end or next to it, some with a LoRA in effect.
 */
export function exactCases(count: number, seed: number): readonly EngineRequest[] {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const word = () => WORDS[below(WORDS.length)] ?? "";
  const documents = Array.from({ length: DOCUMENTS }, () =>
    Array.from({ length: DOCUMENT_WORDS }, word),
  );
  return Array.from({ length: count }, () => {
    const document = documents[below(DOCUMENTS)] ?? [];
    const words = document.slice(0, 40 + below(DOCUMENT_WORDS - 40));
    const question = Array.from({ length: 1 + below(30) }, word);
    const scales = [0.5, 1, -1];
    return {
      messages: [
        { role: "system", text: words.join(" ") },
        { role: "user", text: `${question.join(" ")}?` },
      ],
      sampling: { temperature: 0, maxTokens: ANSWER_TOKENS },
      ...(random() < 0.4 ? { lora: [{ id: LORA, scale: scales[below(3)] ?? 1 }] } : {}),
    };
  });
}

export interface ExactAnswer {
  readonly text: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

export async function answerOf(engine: Engine, request: EngineRequest): Promise<ExactAnswer> {
  let text = "";
  for await (const part of engine.generate(request)) {
    if (part.type === "text") text += part.delta;
    if (part.type === "finish") {
      const { promptTokens, cachedTokens } = part.usage;
      return { text, promptTokens, cachedTokens };
    }
  }
  throw new Error("the answer has no end");
}

/** Answers all, some at a time, as several agents would. */
export async function answersOf(
  engine: Engine,
  requests: readonly EngineRequest[],
  agents: number,
): Promise<readonly ExactAnswer[]> {
  const answers: ExactAnswer[] = [];
  const queue = [...requests.entries()];
  const agent = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, request] = next;
      answers[at] = await answerOf(engine, request);
    }
  };
  await Promise.all(Array.from({ length: agents }, agent));
  return answers;
}
