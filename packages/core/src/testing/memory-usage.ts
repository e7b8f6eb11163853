import { cubeKey, type UsageView } from "../memory/index.ts";
import type { Usage } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { MemoryData } from "./memory-data.ts";

/** The usage port: one map of counters for each cube. */
export function memoryUsage({ usage }: MemoryData): DirectPort<Usage> {
  return {
    add: (increments) => {
      for (const { cube, id, reads = 0, injections = 0, uses = 0, at } of increments) {
        const counters = usage.get(cubeKey(cube)) ?? new Map<string, UsageView>();
        usage.set(cubeKey(cube), counters);
        const old = counters.get(id) ?? { reads: 0, injections: 0, uses: 0, lastUsedAt: at };
        counters.set(id, {
          reads: old.reads + reads,
          injections: old.injections + injections,
          uses: old.uses + uses,
          lastUsedAt: Math.max(old.lastUsedAt ?? at, at),
        });
      }
    },
    get: (cube, ids) => {
      const counters = usage.get(cubeKey(cube));
      return new Map([...(counters ?? [])].filter(([id]) => ids.includes(id)));
    },
  };
}
