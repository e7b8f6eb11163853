import { type Checkpoint, type CheckpointMetadata, uuid6 } from "@langchain/langgraph-checkpoint";
import { createMemOS, type MemOS } from "@memcube/core";
import { fixedClock, type FixedClock } from "@memcube/core/testing";
import { MemCubeSaver, type MemCubeSaverOptions } from "@memcube/langgraph";
import { afterEach } from "vitest";

import type { OpenStorage } from "../servers/each-storage.ts";

/** 2026-01-05T10:00:00Z */
const START = Date.UTC(2026, 0, 5, 10);

export interface SaverWorld {
  readonly os: MemOS;
  readonly clock: FixedClock;
  /** A saver on the same threads. */
  readonly saver: (options?: Omit<MemCubeSaverOptions, "os">) => MemCubeSaver;
}

/** Makes worlds for the tests of a file and closes them after each. */
export function saverWorlds(open: OpenStorage) {
  const opened: MemOS[] = [];
  afterEach(async () => {
    for (const os of opened.splice(0)) await os.close();
  });
  return async (): Promise<SaverWorld> => {
    const clock = fixedClock(START);
    const os = createMemOS({ storage: await open(), clock });
    opened.push(os);
    return { os, clock, saver: (options = {}) => new MemCubeSaver({ os, ...options }) };
  };
}

export const METADATA: CheckpointMetadata = { source: "loop", step: 1, parents: {} };

/** A checkpoint in which each value has version 1. */
export function checkpointOf(values: Record<string, unknown>, step = 0): Checkpoint {
  const versions = Object.fromEntries(Object.keys(values).map((name) => [name, step + 1]));
  return {
    v: 4,
    id: uuid6(step),
    ts: "2026-01-05T10:00:00.000Z",
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
}

export function thread(threadId: string, more: Record<string, unknown> = {}) {
  return { configurable: { thread_id: threadId, checkpoint_ns: "", ...more } };
}

/** All that an iteration gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
