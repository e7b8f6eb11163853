import { createMemOS, type MemOS, type MemOSOptions, type Storage } from "@memcube/core";
import { fixedClock, type FixedClock } from "@memcube/core/testing";
import { MemCubeStore, type MemCubeStoreOptions } from "@memcube/langgraph";
import { afterEach } from "vitest";

/** 2026-01-05T10:00:00Z */
export const START = Date.UTC(2026, 0, 5, 10);

export interface World {
  readonly os: MemOS;
  readonly clock: FixedClock;
  readonly store: MemCubeStore;
  /** Another store on the same memories. */
  readonly another: (options?: Omit<MemCubeStoreOptions, "os">) => MemCubeStore;
}

/** Makes worlds for the tests of a file and closes them after each. */
export function worlds(openStorage: () => Storage | Promise<Storage>) {
  const opened: MemOS[] = [];
  afterEach(async () => {
    for (const os of opened.splice(0)) await os.close();
  });
  return async function newWorld(
    options: Omit<MemCubeStoreOptions, "os"> = {},
    osOptions: Partial<MemOSOptions> = {},
  ): Promise<World> {
    const clock = fixedClock(START);
    const os = createMemOS({ clock, ...osOptions, storage: await openStorage() });
    opened.push(os);
    const another: World["another"] = (more = {}) => new MemCubeStore({ os, ...more });
    return { os, clock, another, store: another(options) };
  };
}
