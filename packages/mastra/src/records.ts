import {
  isMemCubeError,
  LIMITS,
  MemCubeError,
  pathKey,
  type JsonObject,
  type MemCube,
  type Memory,
} from "@memcube/core";
import type { z } from "zod";

import { asJson } from "./from-mastra.ts";

/** Above everything of Mastra's that is no message. */
const ROOT = "mastra";

/** What a list of records is called. */
export type RecordKind = "threads" | "resources" | "observations" | "places" | "thread-places";

interface Stored {
  readonly value: JsonObject;
  /** By which records are listed. */
  readonly tags?: readonly string[];
  /** What search finds it by. @default nothing */
  readonly text?: string;
}

/** Records of Mastra as values of a cube: versioned and in the log like every memory. */
export class Records {
  readonly #kind: RecordKind;
  readonly #deletion: "erase" | "forget";
  /** The last change of a record that this process is at, so that its own do not race. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(kind: RecordKind, deletion: "erase" | "forget") {
    this.#kind = kind;
    this.#deletion = deletion;
  }

  async get(cube: MemCube, id: string): Promise<JsonObject | undefined> {
    const memory = await cube.getByKey(this.#keyOf(id));
    return memory === undefined ? undefined : valueOf(memory);
  }

  async put(cube: MemCube, id: string, { value, tags = [], text = "" }: Stored): Promise<void> {
    const payload = { type: "json", path: [ROOT, this.#kind, id], value: asJson(value), text };
    const { rejected } = await cube.add({ payload, tags: [...tags] }, { onDuplicate: "update" });
    assertTaken(rejected);
  }

  /**
   * Changes a record by what it is now, also when others change it at the same time. `undefined` when
   * there is none.
   *
   * @throws MemCubeError `MEMCUBE_CONFLICT` after `LIMITS.conflictRetries` races lost to other processes
   */
  async change(
    cube: MemCube,
    id: string,
    next: (value: JsonObject) => Stored | undefined,
  ): Promise<JsonObject | undefined> {
    const before = this.#last.get(id) ?? Promise.resolve();
    const changing = before.then(async () => await this.#change(cube, id, next));
    const settled = changing.catch(() => undefined);
    this.#last.set(id, settled);
    try {
      return await changing;
    } finally {
      if (this.#last.get(id) === settled) this.#last.delete(id);
    }
  }

  async #change(
    cube: MemCube,
    id: string,
    next: (value: JsonObject) => Stored | undefined,
  ): Promise<JsonObject | undefined> {
    for (let attempt = 1; ; attempt++) {
      const memory = await cube.getByKey(this.#keyOf(id));
      if (memory === undefined) return undefined;
      const current = valueOf(memory);
      const changed = next(current);
      if (changed === undefined) return current;
      const value = asJson(changed.value);
      try {
        await cube.update(
          memory.header.id,
          {
            payload: { value, text: changed.text ?? "" },
            ...(changed.tags === undefined ? {} : { tags: [...changed.tags] }),
          },
          { expectedVersion: memory.version.number },
        );
        return value;
      } catch (error) {
        const overtaken = isMemCubeError(error, "MEMCUBE_CONFLICT");
        if (!overtaken || attempt >= LIMITS.conflictRetries) throw error;
      }
    }
  }

  /** All records, or those with a tag, oldest first. */
  async list(cube: MemCube, tag?: string): Promise<readonly JsonObject[]> {
    const values: JsonObject[] = [];
    for await (const memory of this.#memories(cube, tag)) values.push(valueOf(memory));
    return values;
  }

  async delete(cube: MemCube, id: string): Promise<void> {
    const memory = await cube.getByKey(this.#keyOf(id));
    if (memory !== undefined) await remove(cube, [memory.header.id], this.#deletion);
  }

  /** Deletes all records, or those with a tag. */
  async clear(cube: MemCube, tag?: string): Promise<void> {
    const ids: string[] = [];
    for await (const { header } of this.#memories(cube, tag)) ids.push(header.id);
    await remove(cube, ids, this.#deletion);
  }

  async *#memories(cube: MemCube, tag: string | undefined): AsyncGenerator<Memory> {
    const tags = tag === undefined ? {} : { tags: [tag] };
    let cursor: string | undefined;
    do {
      const page = await cube.list({
        path: [ROOT, this.#kind],
        ...tags,
        limit: LIMITS.pageRows,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  #keyOf(id: string): string {
    return pathKey([ROOT, this.#kind, id]);
  }
}

/** A field that may be missing, or null as callers without types have it: then it is not there. */
export function given<T>(schema: z.ZodType<T>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** Removes memories for good, or hides them. */
export async function remove(
  cube: MemCube,
  ids: readonly string[],
  deletion: "erase" | "forget",
): Promise<void> {
  for (let start = 0; start < ids.length; start += LIMITS.commitWrites) {
    const some = ids.slice(start, start + LIMITS.commitWrites);
    if (deletion === "erase") await cube.erase(some);
    else for (const id of some) await cube.forget(id);
  }
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` when the cube did not take everything */
export function assertTaken(
  rejected: readonly { readonly position: string; readonly message: string }[],
): void {
  const [first] = rejected;
  if (first === undefined) return;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `${rejected.length} of what Mastra saves was not taken, the first at ${first.position}: ${first.message}.`,
    { details: { rejected: [...rejected] } },
  );
}

function valueOf({ payload }: Memory): JsonObject {
  if (payload.type === "json" && isObject(payload.value)) return payload.value;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "A record of Mastra is no object.");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
