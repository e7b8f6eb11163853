import type { MemOS } from "@memcube/core";

/** Saves that one cube waits for at most; more would be a storage that hangs. */
const PENDING = 64;

/** Saves under way in this process, by the memory OS and the cube they go to. */
const SAVES = new WeakMap<MemOS, Map<string, Set<Promise<unknown>>>>();

/** Remembers a save until it has settled, so that the next request can wait for it. */
export function notePending(os: MemOS, key: string, save: Promise<unknown>): void {
  const cubes = SAVES.get(os) ?? new Map<string, Set<Promise<unknown>>>();
  SAVES.set(os, cubes);
  const saves = cubes.get(key) ?? new Set();
  cubes.set(key, saves);
  if (saves.size >= PENDING) return;
  saves.add(save);
  void save.finally(() => {
    saves.delete(save);
    if (saves.size === 0 && cubes.get(key) === saves) cubes.delete(key);
  });
}

/** Waits for the saves of a cube that are under way. Resolves at once when there are none. */
export async function pendingSaves(os: MemOS, key: string): Promise<void> {
  const saves = SAVES.get(os)?.get(key);
  if (saves !== undefined) await Promise.all(saves);
}
