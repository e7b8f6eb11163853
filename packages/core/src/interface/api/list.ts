import type { Page } from "../../flow/index.ts";
import { LIVE_STATES, type Memory } from "../../memory/index.ts";
import { readable } from "../../operation/operator/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { listOptionsSchema, parseInput, type ListOptions } from "./options.ts";

/**
 * One page of memories in creation order. Without `states`: those that search finds. `cursor` of a
 * page leads to the next; it stays valid while others write. A memory that can't be read is left out
 * and reported (`memcube:error`): it must not hide the others.
 */
export async function list(cube: OpenCube, rawOptions: ListOptions = {}): Promise<Page<Memory>> {
  const options = parseInput(listOptionsSchema, rawOptions, "options");
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const { order, limit, cursor, withTotal, withUsage, ...filter } = options;
  const page = await context.storage.vault.list(ref, {
    access: { principals },
    filter: { ...filter, states: filter.states ?? LIVE_STATES },
    now: context.clock.now(),
    order,
    limit,
    withTotal,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const items = page.items.flatMap((stored) => readable(ref, stored) ?? []);
  return { ...page, items: withUsage ? await addUsage(cube, items) : items };
}

async function addUsage(cube: OpenCube, items: readonly Memory[]): Promise<Memory[]> {
  const ids = items.map((memory) => memory.header.id);
  const counters = await cube.context.storage.usage.get(cube.ref, ids);
  return items.map((memory) => ({
    ...memory,
    usage: counters.get(memory.header.id) ?? { reads: 0, injections: 0, uses: 0 },
  }));
}
