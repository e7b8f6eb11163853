import { toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
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
  const { vault, usage } = context.storage;
  const now = context.clock.now();
  const found: Memory[] = [];
  for (let start = 0; start < ids.length; start += LIMITS.pageRows) {
    const slice = ids.slice(start, start + LIMITS.pageRows);
    const stored = await vault.read(ref, { ids: slice, access: { principals }, now });
    found.push(...stored.map((version) => toMemory(ref, version)));
  }
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
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const [stored] = await context.storage.vault.readByKey(ref, {
    externalKeys: [externalKey],
    access: { principals },
    now: context.clock.now(),
  });
  return stored === undefined ? undefined : await get(cube, stored.id);
}
