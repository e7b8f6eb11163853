import { describe, expect, test } from "vitest";

import {
  ingestDocuments,
  MemCubeChatMessageHistory,
  MemCubeMemory,
  memcubeMiddleware,
  MemCubeRetriever,
  memcubeRetrieverTool,
  memcubeTools,
  MemCubeVectorStore,
} from "./index.ts";
import { startMemOS } from "./memory-os.testing.ts";

type Given = { readonly os: never };

/** Everything that is made with a memory OS and a scope. */
const MAKERS: Readonly<Record<string, (given: Given) => unknown>> = {
  memcubeMiddleware,
  memcubeTools,
  memcubeRetrieverTool,
  MemCubeRetriever: (given) => new MemCubeRetriever(given),
  MemCubeChatMessageHistory: (given) => new MemCubeChatMessageHistory(given),
  MemCubeVectorStore: (given) => new MemCubeVectorStore(given),
  MemCubeMemory: (given) => new MemCubeMemory(given),
  ingestDocuments: async (given) => await ingestDocuments([], given),
};

describe.each(Object.entries(MAKERS))("%s", (name, make) => {
  const made = async (given: object) => await Promise.resolve().then(() => make(given as Given));

  test("says at once that a memory OS is missing, also when it was not waited for", async () => {
    const { os } = startMemOS();
    for (const given of [{}, { os: Promise.resolve(os) }]) {
      const message = expect.stringContaining(`${name}.os: not a memory OS`) as unknown;
      await expect(made(given)).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT", message });
    }
  });

  test("says at once that a scope is none", async () => {
    const { os } = startMemOS();
    const message = expect.stringContaining(
      `${name}.scope: unknown userId: a scope is { caller: { userId }`,
    ) as unknown;
    const wrong = made({ os, scope: { userId: "ada" } });
    await expect(wrong).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT", message });
    await expect(made({ os, scope: { caller: { userId: "ada" } } })).resolves.toBeDefined();
  });
});
