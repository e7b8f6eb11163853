import { engineConformance } from "@memcube/conformance";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";

engineConformance("llama", async () =>
  llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 4_096 }),
);

engineConformance("llama, embedding", async () => {
  const model = await tinyModel({ architecture: "qwen3", purpose: "embed" });
  return llamaEngine({ model, threads: 1 });
});

engineConformance("llama, reranking", async () => {
  const model = await tinyModel({ architecture: "qwen3", purpose: "rerank" });
  return llamaEngine({ model, threads: 1 });
});
