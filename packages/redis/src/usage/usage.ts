import type { Usage, UsageIncrement, UsageView } from "@memcube/core";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { USAGE_COUNTERS } from "../keys.ts";
import { listOf, numberOf } from "../replies.ts";

/** Increments of one script call: it runs well under a millisecond. */
const BATCH = 256;
/** Memories whose counters one command reads. */
const READ_BATCH = 1_000;

/**
 * The usage port: one hash of counters per cube, in the cube's slot. `add` is one script per cube, in
 * batches of 256, O(increments); `get` one HMGET per 1000 ids, O(ids).
 */
export function redisUsage(connection: RedisConnection): Usage {
  const { keys } = connection;
  return {
    add: async (increments) => {
      connection.checkOpen();
      const byKey = Map.groupBy(increments, ({ cube }) => keys.cubeUsage(cube));
      const calls = [...byKey].flatMap(([key, some]) =>
        batches(some, BATCH).map((batch) =>
          connection.run("add-usage", [key], batch.flatMap(incrementArguments)),
        ),
      );
      await Promise.all(calls);
    },
    get: async (cube, ids) => {
      connection.checkOpen();
      const key = keys.cubeUsage(cube);
      const pages = await Promise.all(
        batches([...new Set(ids)], READ_BATCH).map(async (page) => {
          const fields = page.flatMap((id) => USAGE_COUNTERS.map((counter) => `${counter}${id}`));
          const found = listOf(await connection.send(key, ["HMGET", key, ...fields]));
          return page.flatMap((id, place) => {
            const view = viewOf(found.slice(place * 4, place * 4 + 4));
            return view === undefined ? [] : [[id, view] as const];
          });
        }),
      );
      return new Map(pages.flat());
    },
  };
}

function incrementArguments({ id, reads = 0, injections = 0, uses = 0, at }: UsageIncrement) {
  return [id, String(reads), String(injections), String(uses), String(at)];
}

/** Counters in the order of `USAGE_COUNTERS`; one that is not there is 0. */
function viewOf([reads, injections, uses, lastUsedAt]: readonly Reply[]): UsageView | undefined {
  if (lastUsedAt === null || lastUsedAt === undefined) return undefined;
  return {
    reads: numberOf(reads ?? 0),
    injections: numberOf(injections ?? 0),
    uses: numberOf(uses ?? 0),
    lastUsedAt: numberOf(lastUsedAt),
  };
}

function batches<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}
