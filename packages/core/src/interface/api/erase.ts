import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import type { LeasedTask, NewTask } from "../../flow/index.ts";
import { scrubHistory, toMemory } from "../../infrastructure/vault/index.ts";
import type { CubeRef } from "../../memory/index.ts";
import { assertExpected } from "./change-memory.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { memoryNotFound } from "./cube-access.ts";
import { changeOptionsSchema, idListSchema, parseInput, type ChangeOptions } from "./options.ts";
import { write } from "./write.ts";

export const SCRUB_TASK = "scrub";
const payloadSchema = z.strictObject({ ids: z.array(z.string()) });

/**
 * Destroys memories with all their versions, vectors, index terms and usage. What stays is the log's
 * line that somebody erased this id. When it returns, history segments and the persisted index hold
 * nothing of them either. The owner of the cube may; a writer may erase memories of their own.
 *
 * @returns ids that were there; one of another's that the caller may not see counts as not there
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_CONFLICT` (expected version, one id only)
 */
export async function erase(
  cube: OpenCube,
  rawIds: string | readonly string[],
  rawOptions: Omit<ChangeOptions, "note"> = {},
): Promise<readonly string[]> {
  const { expectedVersion, signal } = parseInput(changeOptionsSchema, rawOptions, "options");
  const parsed = parseInput(idListSchema, rawIds, "ids");
  const ids = [...new Set(typeof parsed === "string" ? [parsed] : parsed)];
  if (expectedVersion !== undefined && ids.length > 1) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "An expected version goes with one id only.");
  }
  const { context, ref, principals } = cube;
  const taskKey = context.ids.id();
  let erased: string[] = [];
  const found = await context.storage.vault.read(ref, { ids, access: { principals } });
  const memories = found.map((stored) => toMemory(ref, stored));
  if (memories.length === 0 && expectedVersion !== undefined) {
    throw memoryNotFound(ref.cubeId, ids.join(", "));
  }
  const written = await write(cube, {
    action: "memory.erase",
    ...ownedBySame(memories.map((memory) => memory.header.owner)),
    expectsVersion: expectedVersion !== undefined,
    ...(signal === undefined ? {} : { signal }),
    drafts: () => {
      erased = memories.map(({ header }) => header.id);
      for (const memory of memories) assertExpected(memory, expectedVersion);
      return erased.map((id) => ({
        mutation: {
          write: {
            op: "erase",
            id,
            ...(expectedVersion === undefined ? {} : { expectedVersion }),
          },
          change: { op: "erase", memoryId: id },
        },
      }));
    },
    tasks: () => [scrubTask(ref, taskKey, erased)],
  });
  // The task makes sure of it after a crash; here we wait until it is done.
  if (written !== undefined) await scrub(context, ref, erased);
  return erased;
}

/** Runs again what `erase` does after its commit. */
export async function runScrubTask(context: ApiContext, task: LeasedTask): Promise<void> {
  const { ids } = payloadSchema.parse(task.payload);
  await scrub(context, { tenantId: task.tenantId, cubeId: task.cubeId }, ids);
}

async function scrub(context: ApiContext, ref: CubeRef, ids: readonly string[]): Promise<void> {
  for (const id of ids) context.operator.memories.delete(ref, id);
  await context.operator.indexes.dropPersisted(ref);
  await scrubHistory(context.storage, ref, new Set(ids));
}

function scrubTask(ref: CubeRef, key: string, ids: readonly string[]): NewTask {
  return {
    key: `scrub:${key}`,
    type: SCRUB_TASK,
    ...ref,
    payload: { ids: [...ids] },
    priority: 10,
  };
}

/** The one owner of all of them, for the rule about one's own memories. */
function ownedBySame(owners: readonly string[]) {
  const [owner] = owners;
  const same = owner !== undefined && owners.every((other) => other === owner);
  return same ? { memory: { owner: owner as `user:${string}` } } : undefined;
}
