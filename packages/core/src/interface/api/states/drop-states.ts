import { z } from "zod";

import { isMemCubeError } from "../../../errors.ts";
import type { LeasedTask, NewTask } from "../../../flow/index.ts";
import {
  blobsOfMemory,
  commit,
  dropUnusedBlobs,
  scrubHistory,
  toMemory,
} from "../../../infrastructure/vault/index.ts";
import { LIMITS } from "../../../limits.ts";
import { LIVE_STATES, sha256Hex, type CubeRef, type Memory } from "../../../memory/index.ts";
import type { ApiContext } from "../context.ts";
import { dropLoras } from "./loras-of-engines.ts";

/** Type of the task that takes away what is left of erased memories. */
export const SCRUB_TASK = "scrub";
/** Type of the task that erases states whose sources are others by now. */
export const DEMOTE_TASK = "demote";

const scrubSchema = z.strictObject({
  ids: z.array(z.string()),
  /** Blobs that the erased memories pointed to. */
  blobs: z.array(z.string()).default([]),
  statesOnly: z.boolean().optional(),
});
const demoteSchema = z.strictObject({ ids: z.array(z.string()) });

/** What was erased, and the blobs that belonged to it. */
export interface Erased {
  readonly ids: readonly string[];
  readonly blobs: readonly string[];
  /** Only states that were made from what is still there: what engines keep of prompts may stay. */
  readonly statesOnly?: boolean;
}

export function scrubTask(ref: CubeRef, key: string, { ids, blobs, statesOnly }: Erased): NewTask {
  const payload = {
    ids: [...ids],
    ...(blobs.length === 0 ? {} : { blobs: [...blobs] }),
    ...(statesOnly === true ? { statesOnly } : {}),
  };
  return { key: `scrub:${key}`, type: SCRUB_TASK, ...ref, payload, priority: 10 };
}

export function demoteTask(ref: CubeRef, key: string, ids: readonly string[]): NewTask {
  return { key: `demote:${key}`, type: DEMOTE_TASK, ...ref, payload: { ids: [...ids] } };
}

/** Runs again what `erase` does after its commit. */
export async function runScrubTask(context: ApiContext, task: LeasedTask): Promise<void> {
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  await scrub(context, ref, scrubSchema.parse(task.payload));
}

/**
 * Takes away what is left of erased memories: states made from them, copies in RAM, the persisted index,
 * history segments and blobs.
 */
export async function scrub(context: ApiContext, ref: CubeRef, erased: Erased): Promise<void> {
  const { ids, blobs } = erased;
  for (const id of ids) context.operator.memories.delete(ref, id);
  // All are tried: what one can't do must not keep the other's text.
  const done = await Promise.allSettled([
    eraseStates(context, ref, await statesMadeFrom(context, ref, ids)),
    context.operator.indexes.dropPersisted(ref),
    dropUnusedBlobs(context.storage, ref, blobs),
    erased.statesOnly === true ? undefined : forgetInEngines(context, ref, ids),
  ]);
  await scrubHistory({
    storage: context.storage,
    clock: context.clock,
    ref,
    ids: new Set(ids),
    newCut: () => context.ids.id(),
  });
  const failure = done.find((each) => each.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/**
 * Has engines forget what they were told of these memories, or of the whole cube: prompts, of which nobody
 * knows what they were made of, and LoRA files.
 */
export async function forgetInEngines(
  { promptStates, engines }: ApiContext,
  ref: CubeRef,
  ids?: readonly string[],
): Promise<void> {
  const done = await Promise.allSettled([
    ...promptStates.map((states) => states.forgetTenant(ref.tenantId)),
    ...[...new Set(engines.values())].map((engine) => dropLoras(engine, ref, ids)),
  ]);
  const failure = done.find((each) => each.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/** KV states that say they were made from one of these memories. */
async function statesMadeFrom(
  { storage }: ApiContext,
  ref: CubeRef,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { vault } = storage;
  const access = { system: "write" } as const;
  const found = new Set<string>();
  for (const id of ids) {
    let cursor: string | undefined;
    do {
      const page = await vault.edgesTo(ref, {
        target: { cubeId: ref.cubeId, id },
        types: ["derived-from"],
        access,
        limit: LIMITS.pageRows,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { from } of page.items) found.add(from);
      ({ cursor } = page);
    } while (cursor !== undefined);
  }
  return (await readStates(storage.vault, ref, [...found])).map(({ header }) => header.id);
}

async function readStates(
  vault: ApiContext["storage"]["vault"],
  ref: CubeRef,
  ids: readonly string[],
): Promise<readonly Memory[]> {
  const memories: Memory[] = [];
  for (let start = 0; start < ids.length; start += LIMITS.pageRows) {
    const slice = ids.slice(start, start + LIMITS.pageRows);
    for (const stored of await vault.read(ref, { ids: slice, access: { system: "write" } })) {
      const memory = toMemory(ref, stored);
      if (memory.header.kind === "activation") memories.push(memory);
    }
  }
  return memories;
}

/** Erases states, with their bytes: a state is as secret as its sources and lives no longer than they do. */
async function eraseStates(
  context: ApiContext,
  ref: CubeRef,
  ids: readonly string[],
): Promise<void> {
  const states = ids.map((id) => ({ id }));
  const erased = await eraseOnBehalf(context, ref, states, {
    rule: "background:sources-gone",
    // Whoever erased the source and its task may both come here.
    idempotencyKey: `states:${sha256Hex(ids.toSorted().join(" "))}`,
    statesOnly: true,
  });
  // The task makes sure of it after a crash.
  if (erased !== undefined) await scrub(context, ref, erased);
}

/**
 * Erases memories on the system's behalf; with a version named, only as that version. A task takes away
 * what is left of them. Gives what was erased; `undefined` when there was nothing.
 *
 * @throws MemCubeError `MEMCUBE_CONFLICT` when one has another version: then none is erased
 */
export async function eraseOnBehalf(
  context: ApiContext,
  ref: CubeRef,
  memories: readonly { readonly id: string; readonly version?: number }[],
  about: Pick<Erased, "statesOnly"> & {
    readonly rule: string;
    readonly idempotencyKey: string;
  },
): Promise<Erased | undefined> {
  if (memories.length === 0) return undefined;
  const { rule, idempotencyKey, statesOnly } = about;
  const { vault } = context.storage;
  const ids = memories.map(({ id }) => id);
  const blobs: string[] = [];
  for (const id of ids) blobs.push(...(await blobsOfMemory(context.storage, ref, id)));
  const erased = { ids, blobs, ...(statesOnly === undefined ? {} : { statesOnly }) };
  try {
    const receipt = await commit(vault, context.clock, context.ids, {
      cube: ref,
      caller: { tenantId: ref.tenantId, userId: "memcube", roles: [], via: "worker" },
      decision: { effect: "permit", action: "memory.erase", rules: [rule] },
      mutations: memories.map(({ id, version }) => ({
        write: { op: "erase", id, ...(version === undefined ? {} : { expectedVersion: version }) },
        change: { op: "erase", memoryId: id },
      })),
      tasks: [scrubTask(ref, context.ids.id(), erased)],
      idempotencyKey,
    });
    if (!receipt.replayed) {
      await context.usage.forget(ref, ids);
      context.operator.indexes.feed(ref, receipt.position, { documents: [], removed: ids });
    }
    for (const id of ids) context.operator.memories.delete(ref, id);
    context.keeper.note(ref);
    context.worker.nudge();
    return erased;
  } catch (error) {
    // The cube was deleted meanwhile, and all that was in it.
    if (isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Erases those of the states whose sources are not as they were. */
export async function demoteStale(
  context: ApiContext,
  ref: CubeRef,
  ids: readonly string[],
): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const memory of await readStates(context.storage.vault, ref, ids)) {
    if (!(await sourcesAreSame(context, ref, memory))) stale.push(memory.header.id);
  }
  await eraseStates(context, ref, stale);
  return stale;
}

export async function runDemoteTask(context: ApiContext, task: LeasedTask): Promise<void> {
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  await demoteStale(context, ref, demoteSchema.parse(task.payload).ids);
}

/** Whether every source is there, alive, and the very version that the state was made from. */
export async function sourcesAreSame(
  { storage, clock }: ApiContext,
  ref: CubeRef,
  { edges }: Pick<Memory, "edges">,
): Promise<boolean> {
  const sources = edges.filter(({ type }) => type === "derived-from");
  const ids = sources.map(({ to }) => to.id);
  if (ids.length === 0) return false;
  const access = { system: "write" } as const;
  const stored = await storage.vault.read(ref, { ids, access, now: clock.now() });
  const versions = new Map(stored.map((each) => [each.id, each]));
  return sources.every(({ to, toVersion }) => {
    const source = versions.get(to.id);
    if (source === undefined || source.version !== toVersion) return false;
    return LIVE_STATES.includes(toMemory(ref, source).header.state);
  });
}
