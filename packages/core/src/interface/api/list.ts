import type { Page } from "../../flow/index.ts";
import { LIVE_STATES, type Memory } from "../../memory/index.ts";
import { readable } from "../../operation/operator/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { matchingPage, type VaultQuery } from "./matching-page.ts";
import { listOptionsSchema, parseInput, type ListOptions } from "./options.ts";
import { indexedFilter, matcher } from "./where.ts";

/**
 * One page of memories in creation order. Without `states`: those that search finds. `cursor` of a
 * page leads to the next; it stays valid while others write. A memory that can't be read is left out
 * and reported (`memcube:error`): it must not hide the others.
 *
 * `path` costs what it returns. `where` looks at the values one by one, at most `LIMITS.whereLooks` of
 * them: a page may then hold fewer than `limit` and have a cursor all the same; a total with it looks
 * at all of them.
 */
export async function list(cube: OpenCube, rawOptions: ListOptions = {}): Promise<Page<Memory>> {
  const options = parseInput(listOptionsSchema, rawOptions, "options");
  await enter(cube, "memory.read");
  const { context, principals } = cube;
  const { order, limit, cursor, withTotal, withUsage, path, where, ...filter } = options;
  const query: VaultQuery = {
    access: { principals },
    filter: { ...filter, ...indexedFilter(options), states: filter.states ?? LIVE_STATES },
    now: context.clock.now(),
    order,
    limit,
    withTotal,
    ...(cursor === undefined ? {} : { cursor }),
  };
  const matches = matcher({ path, where });
  const page =
    matches === undefined ? await plainPage(cube, query) : await matchingPage(cube, query, matches);
  return { ...page, items: withUsage ? await addUsage(cube, page.items) : page.items };
}

async function plainPage({ context, ref }: OpenCube, query: VaultQuery): Promise<Page<Memory>> {
  const page = await context.storage.vault.list(ref, query);
  return { ...page, items: page.items.flatMap((stored) => readable(ref, stored) ?? []) };
}

async function addUsage(cube: OpenCube, items: readonly Memory[]): Promise<Memory[]> {
  const ids = items.map((memory) => memory.header.id);
  const counters = await cube.context.storage.usage.get(cube.ref, ids);
  return items.map((memory) => ({
    ...memory,
    usage: counters.get(memory.header.id) ?? { reads: 0, injections: 0, uses: 0 },
  }));
}
