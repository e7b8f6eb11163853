import type { Link } from "./link.ts";
import type { WantedPage } from "./page-keys.ts";
import type { ScopeStore } from "./scope-store.ts";
import type { KvMiss } from "./types.ts";

/** Links asked for at a time: a page's key does not depend on what is stored. */
const AT_ONCE = 8;

/** The longest chain of stored pages, and why it ends where it ends. */
export interface FoundChain {
  readonly links: readonly Link[];
  readonly reason?: KvMiss | undefined;
}

/** Longest stored prefix: follows the chain of keys from the root, some pages at a time. */
export async function findChain(
  store: ScopeStore,
  wanted: readonly WantedPage[],
): Promise<FoundChain> {
  const links: Link[] = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const some = wanted.slice(from, from + AT_ONCE);
    for (const link of await Promise.all(some.map((page) => store.find(page)))) {
      if (typeof link === "string") return { links, reason: link };
      if (link === undefined) {
        return links.length === 0 ? { links, reason: "nothing-stored" } : { links };
      }
      links.push(link);
    }
  }
  return { links };
}
