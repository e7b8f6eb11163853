import type { Checkpoint, Threads } from "@memcube/core";

import { ownBytes } from "../bytes.ts";
import type { Call } from "../client.ts";
import { readObject, readStrings } from "../json-text.ts";
import type { CheckpointText } from "../worker/commands/threads/read.ts";

/** The threads port. */
export function threadsOf(call: Call): Threads {
  return {
    put: (thread, { checkpoint, chunks, now, expiresAt }) =>
      call("threads.put", {
        thread,
        now,
        expiresAt,
        checkpoint: {
          ...checkpoint,
          value: ownBytes(checkpoint.value),
        },
        chunks: chunks.map(({ hash, bytes }) => ({
          hash,
          bytes: ownBytes(bytes),
        })),
      }),
    putWrites: (thread, { writes, ...step }) =>
      call("threads.putWrites", {
        ...step,
        thread,
        writes: writes.map((write) => ({
          ...write,
          value: ownBytes(write.value),
        })),
      }),
    get: async (thread, query) => {
      const found = await call("threads.get", { thread, ...query });
      return found && { ...found, checkpoint: checkpointOf(found.checkpoint) };
    },
    chunks: (thread, hashes) => call("threads.chunks", { thread, hashes }),
    list: async (thread, query) => {
      const { items, ...page } = await call("threads.list", { thread, ...query });
      return { ...page, items: items.map(checkpointOf) };
    },
    threads: (query) => call("threads.threads", query),
    delete: (thread) => call("threads.delete", thread),
    deleteCheckpoints: (thread, checkpoints) =>
      call("threads.deleteCheckpoints", { thread, checkpoints }),
    sweep: async (now) => {
      let swept = 0;
      for (;;) {
        const some = await call("threads.sweep", now);
        if (some === 0) return swept;
        swept += some;
      }
    },
  };
}

function checkpointOf({ metadata, chunks, ...rest }: CheckpointText): Checkpoint {
  return { ...rest, metadata: readObject(metadata), chunks: readStrings(chunks) };
}
