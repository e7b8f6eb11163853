import type { ThreadChunk } from "@memcube/core";

import { ownBytes } from "../bytes.ts";
import type { Call } from "../client.ts";
import type { LoggedStep } from "../worker/commands/threads/logged-step.ts";
import type { FarThreads } from "./near-threads.ts";

/** The threads port. */
export function threadsOf(call: Call): FarThreads {
  return {
    put: (thread, step) => call("threads.put", { ...ownStep(step), thread }),
    putWrites: (thread, step) => call("threads.putWrites", { ...ownStep(step), thread }),
    get: (thread, query) => call("threads.get", { thread, ...query }),
    list: (thread, query) => call("threads.list", { thread, ...query }),
    lineage: (thread, query) => call("threads.lineage", { thread, ...query }),
    threads: (query) => call("threads.threads", query),
    delete: (thread) => call("threads.delete", thread),
    deleteCheckpoints: (thread, checkpoints) =>
      call("threads.deleteCheckpoints", { thread, checkpoints }),
    waits: () => call("threads.waits", undefined),
    log: (place, step) => call("threads.log", { place, step: ownStep(step) }),
    layOut: (thread) => call("threads.layOut", thread),
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

/** Bytes of their own, as what is sent to the other thread is copied with all that it is a part of. */
function ownStep<Step extends LoggedStep>(step: Step): Step {
  const chunks = step.chunks.map(ownChunk);
  return "checkpoint" in step
    ? { ...step, chunks, checkpoint: ownValue(step.checkpoint) }
    : { ...step, chunks, writes: step.writes.map(ownValue) };
}

function ownValue<Valued extends { readonly value: Uint8Array }>(valued: Valued): Valued {
  return { ...valued, value: ownBytes(valued.value) };
}

function ownChunk({ hash, needs, bytes }: ThreadChunk): ThreadChunk {
  return { hash, needs, bytes: ownBytes(bytes) };
}
