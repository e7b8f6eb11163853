import type { MemCube } from "@memcube/core";
import type { MastraDBMessage } from "@mastra/core/memory";

import { toTurn } from "./from-mastra.ts";
import {
  allMessages,
  countMessages,
  messagesById,
  removeSaved,
  removeThread,
  saveTurns,
  youngestMessages,
  type HeldMessage,
  type MessagesOf,
} from "./messages.ts";
import { wrong } from "./page.ts";
import { remove } from "./records.ts";
import type { ResourceCubes } from "./resource-cubes.ts";
import { ThreadPlaces, type Resource } from "./thread-places.ts";

/** A message with the resource whose cube it lies in. */
export interface Located extends HeldMessage {
  readonly resourceId: Resource;
}

/** Messages of which this process knows where they lie. */
const WHEREABOUTS_KEPT = 10_000;

interface MessagePlacesParts {
  readonly cubes: ResourceCubes;
  /** The resource of a thread that was saved. */
  readonly resourceOf: (threadId: string) => Promise<Resource>;
  readonly deletion: "erase" | "forget";
}

/** The messages of all resources: each lies in the cube of the one it names, else of its thread's. */
export class MessagePlaces {
  readonly #parts: MessagePlacesParts;
  readonly #threads = new ThreadPlaces();
  /** By message id: a hint, looked at first and never believed unseen. */
  readonly #whereabouts = new Map<string, Resource>();

  constructor(parts: MessagePlacesParts) {
    this.#parts = parts;
  }

  async all(which: MessagesOf): Promise<readonly HeldMessage[]> {
    return await this.#read(which, async (cube) => await allMessages(cube, which));
  }

  /** The youngest `count` messages and perhaps more. */
  async youngest(which: MessagesOf, count: number): Promise<readonly HeldMessage[]> {
    return await this.#read(which, async (cube) => await youngestMessages(cube, which, count));
  }

  async count(which: MessagesOf): Promise<number> {
    const { cubes } = this.#parts;
    const counts = (await this.#resourcesOf(which)).map(
      async (resource) => (await cubes.read(resource, (cube) => countMessages(cube, which))) ?? 0,
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Messages by their ids, in that order, of a resource or of all: where this process saw them last, then
   * in one cube after the other until they are found.
   */
  async byId(ids: readonly string[], resourceId?: string): Promise<readonly Located[]> {
    const found = new Map<string, Located>();
    const look = async (resource: Resource, wanted: readonly string[]) => {
      const held = await this.#parts.cubes.read(resource, (cube) => messagesById(cube, wanted));
      for (const one of held ?? []) found.set(one.message.id, { ...one, resourceId: resource });
    };
    if (resourceId === undefined) await this.#lookEverywhere(ids, found, look);
    else await look(resourceId, ids);
    for (const [id, { resourceId: resource }] of found) this.#remember(id, resource);
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** Saves messages; one that is there already is replaced, and moves where it now belongs. */
  async save(messages: readonly MastraDBMessage[]): Promise<void> {
    const last = new Map(messages.map((message) => [message.id, message]));
    const places = new Map<Resource, MastraDBMessage[]>();
    for (const message of last.values()) {
      const resource = await this.#placeOf(message);
      places.set(resource, [...(places.get(resource) ?? []), message]);
    }
    const shares = [...places].map(([resource, some]) => ({
      resource,
      messages: some,
      turns: some.map(toTurn),
    }));
    for (const share of shares) {
      await this.#noteThreads(share.resource, share.messages);
      await this.#parts.cubes.write(share.resource, (cube) => saveTurns(cube, share.turns));
      for (const { id } of share.messages) await this.#moved(id, share.resource);
    }
  }

  async remove(located: readonly Located[]): Promise<void> {
    const places = Map.groupBy(located, ({ resourceId }) => resourceId);
    for (const [resource, some] of places) {
      await this.#remove(resource, some, this.#parts.deletion);
    }
    for (const { message } of located) this.#whereabouts.delete(message.id);
  }

  /** Removes the messages of a thread, whomever they are of. */
  async removeThread(threadId: string): Promise<void> {
    const { cubes, deletion } = this.#parts;
    for (const resource of await this.#resourcesOf({ threadId })) {
      await cubes.read(resource, (cube) => removeThread(cube, threadId, deletion));
    }
    await cubes.read(undefined, (home) => this.#threads.clear(home, threadId));
  }

  /** Removes every message that came from Mastra. */
  async clear(): Promise<void> {
    const { cubes, deletion } = this.#parts;
    for (const resource of await cubes.each()) {
      await cubes.read(resource, (cube) => removeSaved(cube, deletion));
    }
    await cubes.read(undefined, (home) => this.#threads.clear(home));
    this.#whereabouts.clear();
  }

  async #read(
    which: MessagesOf,
    work: (cube: MemCube) => Promise<readonly HeldMessage[]>,
  ): Promise<readonly HeldMessage[]> {
    const reads = (await this.#resourcesOf(which)).map(async (resource) => {
      const held = (await this.#parts.cubes.read(resource, work)) ?? [];
      for (const { message } of held) this.#remember(message.id, resource);
      return held;
    });
    return (await Promise.all(reads)).flat();
  }

  /** One resource for each cube in which such messages may lie. */
  async #resourcesOf({
    threadId,
    resourceId,
    within = resourceId,
  }: MessagesOf): Promise<readonly Resource[]> {
    const { cubes, resourceOf } = this.#parts;
    if (within !== undefined) return [within];
    if (threadId === undefined) return await cubes.each();
    const [own, noted = []] = await Promise.all([
      resourceOf(threadId),
      cubes.read(undefined, (home) => this.#threads.of(home, threadId)),
    ]);
    return await cubes.apart([own, ...noted]);
  }

  async #lookEverywhere(
    ids: readonly string[],
    found: ReadonlyMap<string, Located>,
    look: (resource: Resource, ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const hinted = ids.filter((id) => this.#whereabouts.has(id));
    const places = Map.groupBy(hinted, (id) => this.#whereabouts.get(id));
    for (const [resource, some] of places) await look(resource, some);
    if (ids.every((id) => found.has(id))) return;
    for (const resource of await this.#parts.cubes.each()) {
      const missing = ids.filter((id) => !found.has(id));
      if (missing.length === 0) return;
      await look(resource, missing);
    }
  }

  async #placeOf({ id, threadId, resourceId }: MastraDBMessage): Promise<Resource> {
    // Mastra's types know no null here, its callers do.
    const given: string | null | undefined = resourceId;
    if (given === null) throw wrong(`Message ${id} has no resourceId but null.`);
    if (given !== undefined || threadId === undefined) return given;
    return await this.#parts.resourceOf(threadId);
  }

  async #noteThreads(resource: Resource, messages: readonly MastraDBMessage[]): Promise<void> {
    const threadIds = new Set(messages.flatMap(({ threadId }) => threadId ?? []));
    await this.#parts.cubes.write(undefined, async (home) => {
      for (const threadId of threadIds) await this.#threads.note(home, threadId, resource);
    });
  }

  /** Now that a message lies where it belongs, it must lie nowhere else. */
  async #moved(id: string, resource: Resource): Promise<void> {
    const known = this.#whereabouts.has(id);
    const before = this.#whereabouts.get(id);
    this.#remember(id, resource);
    if (!known || !(await this.#parts.cubes.areApart(before, resource))) return;
    const old = await this.#parts.cubes.read(before, (cube) => messagesById(cube, [id]));
    await this.#remove(before, old ?? [], "erase");
  }

  async #remove(
    resource: Resource,
    held: readonly HeldMessage[],
    deletion: "erase" | "forget",
  ): Promise<void> {
    const ids = held.map(({ memoryId }) => memoryId);
    await this.#parts.cubes.write(resource, (cube) => remove(cube, ids, deletion));
  }

  #remember(id: string, resource: Resource): void {
    this.#whereabouts.delete(id);
    this.#whereabouts.set(id, resource);
    const oldest = this.#whereabouts.keys().next().value;
    if (this.#whereabouts.size > WHEREABOUTS_KEPT && oldest !== undefined) {
      this.#whereabouts.delete(oldest);
    }
  }
}
