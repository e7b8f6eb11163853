import { engineConformance } from "@memcube/conformance";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

engineConformance("llama", async () =>
  llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 4_096 }),
);

const states = await mkdtemp(join(tmpdir(), "memcube-conformance-"));
afterAll(async () => await rm(states, { recursive: true }));

engineConformance("llama, with a store", async () =>
  llamaEngine({
    model: await tinyModel(),
    threads: 1,
    contextSize: 4_096,
    kv: { directory: states },
  }),
);

engineConformance("llama, embedding", async () => {
  const model = await tinyModel({ architecture: "qwen3", purpose: "embed" });
  return llamaEngine({ model, threads: 1 });
});

engineConformance("llama, reranking", async () => {
  const model = await tinyModel({ architecture: "qwen3", purpose: "rerank" });
  return llamaEngine({ model, threads: 1 });
});
