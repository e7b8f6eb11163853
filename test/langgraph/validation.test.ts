import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { createMemOS, type MemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from "vitest";

import { eachStorage } from "../servers/each-storage.ts";

// LangGraph's own validation of checkpointers is written for test functions that are global.
Object.assign(globalThis, {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  test,
});
const { deltaChannelHistoryTests, validate } =
  await import("@langchain/langgraph-checkpoint-validation");

eachStorage((name, open) => {
  const opened = new Map<BaseCheckpointSaver, MemOS>();
  const initializer = {
    checkpointerName: `MemCubeSaver on ${name}`,
    createCheckpointer: async () => {
      const os = createMemOS({ storage: await open() });
      const saver = new MemCubeSaver({ os });
      opened.set(saver, os);
      return saver;
    },
    destroyCheckpointer: async (saver: BaseCheckpointSaver) => {
      await opened.get(saver)?.close();
    },
  };
  validate(initializer);
  deltaChannelHistoryTests(initializer);
});
