import { toMemory } from "../../infrastructure/vault/index.ts";
import type { Memory } from "../../memory/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { idListSchema, idSchema, parseInput } from "./options.ts";

/**
 * Memories by id, in any state but erased or expired, in the order asked. What is not there and what
 * the caller may not see are left out alike. Counts as a read.
 */
export async function getMany(cube: OpenCube, ids: readonly string[]): Promise<readonly Memory[]> {
  if (ids.length === 0) return [];
  parseInput(idListSchema, ids, "ids");
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const { vault } = context.storage;
  const now = context.clock.now();
  const stored = await vault.read(ref, { ids, access: { principals }, now });
  return await withUsage(cube, stored, now);
}

/** Memories as they are returned: with their counters, and counted as read. */
async function withUsage(
  { context, ref }: OpenCube,
  stored: readonly StoredVersion[],
  now: number,
): Promise<readonly Memory[]> {
  const { usage } = context.storage;
  const found = stored.map((version) => toMemory(ref, version));
  const counters = await usage.get(
    ref,
    found.map((memory) => memory.header.id),
  );
  context.usage.add(found.map(({ header }) => ({ cube: ref, id: header.id, reads: 1, at: now })));
  return found.map((memory) => ({
    ...memory,
    usage: counters.get(memory.header.id) ?? { reads: 0, injections: 0, uses: 0 },
  }));
}

/** One memory by id; `undefined` when there is none that the caller may see. */
export async function get(cube: OpenCube, id: string): Promise<Memory | undefined> {
  return (await getMany(cube, [id]))[0];
}

/** One memory by its external key; `undefined` when there is none that the caller may see. */
export async function getByKey(cube: OpenCube, externalKey: string): Promise<Memory | undefined> {
  parseInput(idSchema, externalKey, "externalKey");
  return (await getManyByKey(cube, [externalKey]))[0];
}

/** Memories by their external keys, as {@link getMany} gives them; `header.externalKey` tells whose is which. */
export async function getManyByKey(
  cube: OpenCube,
  externalKeys: readonly string[],
): Promise<readonly Memory[]> {
  if (externalKeys.length === 0) return [];
  parseInput(idListSchema, externalKeys, "externalKeys");
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const now = context.clock.now();
  const query = { externalKeys, access: { principals }, now };
  return await withUsage(cube, await context.storage.vault.readByKey(ref, query), now);
}
