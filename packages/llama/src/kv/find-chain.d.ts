import type { Link } from "./link.ts";
import type { WantedPage } from "./page-keys.ts";
import type { ScopeStore } from "./scope-store.ts";
import type { KvMiss } from "./types.ts";
/** The longest chain of stored pages, and why it ends where it ends. */
export interface FoundChain {
  readonly links: readonly Link[];
  readonly reason?: KvMiss | undefined;
}
/** Longest stored prefix: follows the chain of keys from the root, some pages at a time. */
export declare function findChain(
  store: ScopeStore,
  wanted: readonly WantedPage[],
): Promise<FoundChain>;
