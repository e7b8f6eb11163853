import type { JsonObject, MemCube } from "@memcube/core";
import type { StorageResourceType } from "@mastra/core/storage";
import { z } from "zod";

import { given, Records } from "./records.ts";

const resourceSchema = z.object({
  id: z.string(),
  workingMemory: given(z.string()),
  metadata: given(z.record(z.string(), z.unknown())),
  createdAt: z.coerce.date(),
  updatedAt: z.coerce.date(),
});

export interface ResourcePatch {
  readonly workingMemory?: string;
  readonly metadata?: Record<string, unknown>;
}

/** What is known of a resource over all its threads: its working memory, which search finds too. */
export class ResourceRecords {
  readonly #records: Records;

  constructor(deletion: "erase" | "forget") {
    this.#records = new Records("resources", deletion);
  }

  async get(cube: MemCube, id: string): Promise<StorageResourceType | undefined> {
    const value = await this.#records.get(cube, id);
    return value === undefined ? undefined : resourceSchema.parse(value);
  }

  async save(cube: MemCube, resource: StorageResourceType): Promise<void> {
    await this.#records.put(cube, resource.id, stored(resource));
  }

  /** Changes what is there; begins the resource when there is none. */
  async update(cube: MemCube, id: string, patch: ResourcePatch): Promise<StorageResourceType> {
    const changed = await this.#records.change(cube, id, (current) => {
      const resource = resourceSchema.parse(current);
      return stored(patched(resource, patch));
    });
    if (changed !== undefined) return resourceSchema.parse(changed);
    const now = new Date();
    const created = patched({ id, metadata: {}, createdAt: now, updatedAt: now }, patch);
    await this.save(cube, created);
    return created;
  }

  async clear(cube: MemCube): Promise<void> {
    await this.#records.clear(cube);
  }
}

function patched(resource: StorageResourceType, patch: ResourcePatch): StorageResourceType {
  return {
    ...resource,
    ...(patch.workingMemory === undefined ? {} : { workingMemory: patch.workingMemory }),
    metadata: { ...resource.metadata, ...patch.metadata },
    updatedAt: new Date(Math.max(Date.now(), resource.updatedAt.getTime())),
  };
}

function stored(resource: StorageResourceType) {
  const value = { ...resource } as unknown as JsonObject;
  return { value, text: resource.workingMemory ?? "" };
}
