import type { Storage } from "@memcube/core";
import { type MemoryData, type MemoryStorage, memoryStorage } from "@memcube/core/testing";

import type { MakePlace } from "../place.ts";
import type { PortName } from "../rule.ts";

/** A way in which a storage can be wrong, and the suite must see it. */
export interface Defect {
  /** Whose rules must see it. */
  readonly port: PortName;
  /** What is wrong with it. */
  readonly name: string;
  /** Replaces methods of a storage that is right. */
  readonly breakIt: (right: MemoryStorage) => Broken;
  /** The storage that it breaks has candidates. @default false */
  readonly candidates?: boolean;
  /** Its candidates come by vectors, too. @default false */
  readonly vectors?: boolean;
}

/** Methods to replace, by port. */
export type Broken = {
  readonly [Port in Exclude<keyof Storage, "name" | "close">]?: Partial<Storage[Port]>;
} & Partial<Pick<Storage, "close">>;

/** Places whose storages have the defect: a new one for each handle, on shared data. */
export function placesWith(defect: Pick<Defect, "breakIt" | "candidates" | "vectors">): MakePlace {
  const { breakIt, candidates = false } = defect;
  const vectors = defect.vectors === true ? { model: "model-a", dimensions: 3 } : undefined;
  return async () => {
    const data: MemoryData = memoryStorage().data;
    return {
      shared: true,
      open: async () => {
        const right = memoryStorage({
          from: data,
          candidates,
          ...(vectors === undefined ? {} : { vectors }),
        });
        return withReplaced(right, breakIt(right));
      },
      destroy: async () => undefined,
      damageBlob: async (tenantId, hash) => {
        for (const held of [data.blobs.get(tenantId), data.blobs.get("everyone")]) {
          const bytes = held?.get(hash);
          if (bytes !== undefined)
            held?.set(
              hash,
              bytes.map((byte) => byte ^ 1),
            );
        }
      },
    };
  };
}

function withReplaced(right: Storage, broken: Broken): Storage {
  const { vault, threads, queue, topic, blobs, usage } = right;
  return {
    name: right.name,
    close: broken.close ?? (() => right.close()),
    vault: { ...vault, ...broken.vault },
    threads: { ...threads, ...broken.threads },
    queue: { ...queue, ...broken.queue },
    topic: { ...topic, ...broken.topic },
    blobs: { ...blobs, ...broken.blobs },
    usage: { ...usage, ...broken.usage },
  };
}

/** Lets other calls come between: what a storage without a transaction does. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
