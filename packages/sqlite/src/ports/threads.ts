import type { ThreadChunk, Threads } from "@memcube/core";

import { ownBytes } from "../bytes.ts";
import type { Call } from "../client.ts";

/** The threads port. */
export function threadsOf(call: Call): Threads {
  return {
    put: (thread, { checkpoint, chunks, now, expiresAt }) =>
      call("threads.put", {
        thread,
        now,
        expiresAt,
        checkpoint: { ...checkpoint, value: ownBytes(checkpoint.value) },
        chunks: chunks.map(ownChunk),
      }),
    putWrites: (thread, { writes, chunks, ...step }) =>
      call("threads.putWrites", {
        ...step,
        thread,
        writes: writes.map((write) => ({ ...write, value: ownBytes(write.value) })),
        chunks: chunks.map(ownChunk),
      }),
    get: (thread, query) => call("threads.get", { thread, ...query }),
    list: (thread, query) => call("threads.list", { thread, ...query }),
    lineage: (thread, query) => call("threads.lineage", { thread, ...query }),
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

function ownChunk({ hash, needs, bytes }: ThreadChunk): ThreadChunk {
  return { hash, needs, bytes: ownBytes(bytes) };
}
