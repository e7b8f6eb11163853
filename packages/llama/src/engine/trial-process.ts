/** Entry of the process that tries a model: loads it, reads a few tokens, and ends with 0. */
import { isMemCubeError } from "@memcube/core";

import { loadModel, startLlama } from "./binding.ts";
import { READY } from "./trial.ts";

const SOME_TEXT = "The quick brown fox";
const CONTEXT_TOKENS = 256;

async function main(path: string): Promise<void> {
  const started = await startLlama({ gpu: false, threads: 1 });
  process.send?.(READY);
  try {
    const model = await loadModel(started, { model: path });
    const context = await model.createContext({
      contextSize: CONTEXT_TOKENS,
      flashAttention: model.flashAttentionSupported,
      threads: 1,
    });
    const tokens = model.tokenize(SOME_TEXT).slice(0, CONTEXT_TOKENS / 2);
    await context.getSequence().evaluateWithoutGeneratingNewTokens(tokens);
    await context.dispose();
  } finally {
    await started.llama.dispose();
  }
}

try {
  await main(process.argv[2] ?? "");
} catch (error) {
  const details = isMemCubeError(error) ? error.details : {};
  process.send?.(String(details["reason"] ?? error));
  process.exitCode = 1;
}
process.disconnect();
