import type { NativeClient } from "./native-client.ts";

/** What tells that the other side may not be the one it was. */
const EVENTS = ["error", "reconnecting"] as const;

interface Watch {
  readonly watching: Set<() => void>;
  readonly listener: () => void;
}

const watches = new WeakMap<NativeClient, Watch>();

/**
 * Calls `onTrouble` whenever a connection of the client fails or is made again. However many watch a
 * client that several storages share, it has one listener for each event: Node warns of a leak at eleven.
 * While somebody watches, an error of the connection does not end the process.
 *
 * @returns ends it; the last one takes the listeners off the client
 */
export function watchClient(client: NativeClient, onTrouble: () => void): () => void {
  const watch = watches.get(client) ?? startWatch(client);
  // A function of its own, so that one that watches twice is two.
  const tell = (): void => onTrouble();
  watch.watching.add(tell);
  return () => {
    watch.watching.delete(tell);
    if (watch.watching.size > 0 || watches.get(client) !== watch) return;
    watches.delete(client);
    for (const event of EVENTS) client.off?.(event, watch.listener);
  };
}

function startWatch(client: NativeClient): Watch {
  const watching = new Set<() => void>();
  const listener = (): void => {
    for (const tell of watching) tell();
  };
  const watch = { watching, listener };
  watches.set(client, watch);
  for (const event of EVENTS) client.on(event, listener);
  return watch;
}
