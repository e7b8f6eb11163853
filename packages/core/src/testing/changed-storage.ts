import type { Storage } from "../ports/index.ts";

/** A storage of which some methods of a port answer differently. */
export function changedStorage<Name extends "vault" | "blobs" | "queue">(
  storage: Storage,
  port: Name,
  change: Partial<Storage[Name]>,
): Storage {
  const changed = new Proxy(storage[port], {
    get: (target, name) => Reflect.get(change, name) ?? Reflect.get(target, name),
  });
  return { ...storage, [port]: changed };
}
