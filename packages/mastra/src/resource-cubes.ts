import { ScopedCubes, type MemCube } from "@memcube/core";
import { z } from "zod";

import { scopeOf, type ParsedStorageOptions } from "./options.ts";
import { Records } from "./records.ts";
import type { Resource } from "./thread-places.ts";

/** Resources noted by a process, so that each is written once; forgetting one costs a read. */
const NOTES_KEPT = 10_000;

const placeSchema = z.object({ resourceId: z.string() });

/** The cubes of resources, and which resources there are. */
export class ResourceCubes {
  readonly #options: Pick<ParsedStorageOptions, "os" | "scope">;
  readonly #cubes: ScopedCubes;
  readonly #places = new Records("places", "erase");
  readonly #noted = new Set<string>();

  constructor(options: Pick<ParsedStorageOptions, "os" | "scope">) {
    this.#options = options;
    this.#cubes = new ScopedCubes(options.os);
  }

  /** `undefined` when there is nothing of this resource yet. */
  async read<T>(resourceId: Resource, work: (cube: MemCube) => Promise<T>): Promise<T | undefined> {
    return await this.#cubes.use(await scopeOf(this.#options, resourceId), "read", work);
  }

  /** Notes the resource, so that its messages are found by their ids alone. */
  async write<T>(resourceId: Resource, work: (cube: MemCube) => Promise<T>): Promise<T> {
    if (resourceId !== undefined && !this.#noted.has(resourceId)) await this.#note(resourceId);
    return await this.#cubes.use(await scopeOf(this.#options, resourceId), "write", work);
  }

  /** One resource for each cube there is, the one of nobody first. */
  async each(): Promise<readonly Resource[]> {
    const values = (await this.read(undefined, (home) => this.#places.list(home))) ?? [];
    const known = values.map((value) => placeSchema.parse(value).resourceId);
    return await this.apart([undefined, ...known]);
  }

  /** One of these resources for each cube that they have. */
  async apart(resources: readonly Resource[]): Promise<readonly Resource[]> {
    const cubes = new Map<string, Resource>();
    for (const resourceId of resources) {
      const key = await this.#cubeOf(resourceId);
      if (!cubes.has(key)) cubes.set(key, resourceId);
    }
    return [...cubes.values()];
  }

  /** Whether two resources have cubes of their own. */
  async areApart(one: Resource, other: Resource): Promise<boolean> {
    return (await this.#cubeOf(one)) !== (await this.#cubeOf(other));
  }

  /** Forgets which resources there are. */
  async clear(): Promise<void> {
    this.#noted.clear();
    await this.read(undefined, (home) => this.#places.clear(home));
  }

  async #note(resourceId: string): Promise<void> {
    await this.write(undefined, async (home) => {
      if ((await this.#places.get(home, resourceId)) !== undefined) return;
      await this.#places.put(home, resourceId, { value: { resourceId } });
    });
    if (this.#noted.size >= NOTES_KEPT) this.#noted.clear();
    this.#noted.add(resourceId);
  }

  async #cubeOf(resourceId: Resource): Promise<string> {
    const { caller, cube } = await scopeOf(this.#options, resourceId);
    return JSON.stringify([caller, cube ?? null]);
  }
}
