import type { MemCube } from "@memcube/core";
import { z } from "zod";

import { Records } from "./records.ts";

/** Somebody of whom something is kept; `undefined` is what belongs to nobody, and all share. */
export type Resource = string | undefined;

const placeSchema = z.object({ threadId: z.string(), resourceId: z.string().optional() });

/** Notes kept by a process, so that each is written once; forgetting one costs a read. */
const NOTES_KEPT = 10_000;

/**
 * Of which resources a thread has messages: mostly of one, its own, but a message may name another, and
 * may be there before its thread is.
 */
export class ThreadPlaces {
  readonly #records = new Records("thread-places", "erase");
  readonly #noted = new Set<string>();

  async note(home: MemCube, threadId: string, resourceId: Resource): Promise<void> {
    const id = JSON.stringify([threadId, resourceId ?? null]);
    if (this.#noted.has(id)) return;
    if ((await this.#records.get(home, id)) === undefined) {
      const value = { threadId, ...(resourceId === undefined ? {} : { resourceId }) };
      await this.#records.put(home, id, { value, tags: [tagOf(threadId)] });
    }
    if (this.#noted.size >= NOTES_KEPT) this.#noted.clear();
    this.#noted.add(id);
  }

  async of(home: MemCube, threadId: string): Promise<readonly Resource[]> {
    const values = await this.#records.list(home, tagOf(threadId));
    const places = values.map((value) => placeSchema.parse(value));
    // A tag is made of an id: the id itself decides.
    return places.flatMap((place) => (place.threadId === threadId ? [place.resourceId] : []));
  }

  /** Forgets where the messages of a thread lie; left out, of all threads. */
  async clear(home: MemCube, threadId?: string): Promise<void> {
    this.#noted.clear();
    await this.#records.clear(home, threadId === undefined ? undefined : tagOf(threadId));
  }
}

function tagOf(threadId: string): string {
  return `thread:${threadId}`;
}
