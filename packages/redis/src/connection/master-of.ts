import { keySlot } from "./key-slot.ts";
import type { ClientKind, NativeClient } from "./native-client.ts";

interface ClusterSlots {
  readonly slots: readonly ({ readonly master: object } | undefined)[];
}

/**
 * The master that has a key now, as a thing to remember by: another one after a failover. `undefined`
 * where there is but one, or for a command of no key.
 */
export function masterOf(
  { kind, client }: { readonly kind: ClientKind; readonly client: NativeClient },
  key: string | undefined,
): object | undefined {
  if (kind !== "cluster" || key === undefined) return undefined;
  return (client as unknown as ClusterSlots).slots[keySlot(key)]?.master;
}
