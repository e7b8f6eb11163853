import { isMemCubeError, MemCubeError, type JsonObject, type MemCube } from "@memcube/core";
import type { StorageThreadType } from "@mastra/core/memory";
import { z } from "zod";

import { resourceTag } from "./from-mastra.ts";
import { given, Records } from "./records.ts";

const threadSchema = z.object({
  id: z.string(),
  title: given(z.string()),
  resourceId: z.string(),
  createdAt: z.coerce.date(),
  updatedAt: z.coerce.date(),
  metadata: given(z.record(z.string(), z.unknown())),
});

export interface ThreadPatch {
  readonly title?: string;
  readonly metadata?: Record<string, unknown>;
  readonly resourceId?: string;
}

/** Threads of Mastra: what conversations there are, with title and metadata. */
export class ThreadRecords {
  readonly #records: Records;

  constructor(deletion: "erase" | "forget") {
    this.#records = new Records("threads", deletion);
  }

  async get(home: MemCube, id: string): Promise<StorageThreadType | undefined> {
    const value = await this.#records.get(home, id);
    return value === undefined ? undefined : threadSchema.parse(value);
  }

  async save(home: MemCube, thread: StorageThreadType): Promise<void> {
    await this.#records.put(home, thread.id, stored(thread));
  }

  /** Title and metadata key by key, whoever else changes them. @throws MemCubeError when there is none */
  async update(home: MemCube, id: string, patch: ThreadPatch): Promise<StorageThreadType> {
    const value = await this.#records.change(home, id, (current) => {
      const thread = threadSchema.parse(current);
      return stored({
        ...thread,
        ...(patch.title === undefined ? {} : { title: patch.title }),
        ...(patch.resourceId === undefined ? {} : { resourceId: patch.resourceId }),
        metadata: { ...thread.metadata, ...patch.metadata },
        updatedAt: after(thread.updatedAt),
      });
    });
    if (value === undefined) throw threadNotFound(id);
    return threadSchema.parse(value);
  }

  /** Something was said in the thread. */
  async touch(home: MemCube, id: string): Promise<void> {
    const touched = this.#records.change(home, id, (current) => {
      const thread = threadSchema.parse(current);
      return stored({ ...thread, updatedAt: after(thread.updatedAt) });
    });
    try {
      await touched;
    } catch (error) {
      // Whoever won all these races has touched it: what was said before must not fail for it.
      if (!isMemCubeError(error, "MEMCUBE_CONFLICT")) throw error;
    }
  }

  async delete(home: MemCube, id: string): Promise<void> {
    await this.#records.delete(home, id);
  }

  async list(home: MemCube, resourceId?: string): Promise<readonly StorageThreadType[]> {
    const tag = resourceId === undefined ? undefined : resourceTag(resourceId);
    const threads = (await this.#records.list(home, tag)).map((value) => threadSchema.parse(value));
    // A thread that went to another resource keeps the tag of the first one.
    return threads.filter((thread) => resourceId === undefined || thread.resourceId === resourceId);
  }

  async clear(home: MemCube): Promise<void> {
    await this.#records.clear(home);
  }
}

export function threadNotFound(id: string, what = "Thread"): MemCubeError {
  return new MemCubeError("MEMCUBE_MEMORY_NOT_FOUND", `${what} with id ${id} not found.`, {
    details: { id },
  });
}

function stored(thread: StorageThreadType) {
  const value = { ...thread } as unknown as JsonObject;
  return { value, tags: [resourceTag(thread.resourceId)] };
}

/** Now, but later than before: updates are told apart by it. */
function after(before: Date): Date {
  return new Date(Math.max(Date.now(), before.getTime() + 1));
}
