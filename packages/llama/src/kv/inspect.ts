import { enginePartsIn } from "./fingerprint.ts";
import type { Link } from "./link.ts";
import type { ScopeStore } from "./scope-store.ts";
import { type KvMiss, PAGE_TOKENS } from "./types.ts";
import type { Use } from "./uses.ts";

/** A stored prefix: a chain of pages that no other page builds on. */
export interface StoredPrefix {
  readonly scope: string;
  /** Key of its last page; the name it goes by. */
  readonly key: string;
  readonly model: string;
  /** Build of the engine that made it; left out where its name can't be read. */
  readonly engine?: string;
  readonly tokens: number;
  /** Bytes as stored, shared pages included; and of the pages that are its own alone. */
  readonly storedBytes: number;
  readonly ownBytes: number;
  /** Milliseconds that computing it took. */
  readonly costMs: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Restores that ended in it, and the last of them. */
  readonly uses: number;
  readonly usedAt?: number;
}

/** Options of `DirectoryKvStore.verify`. */
export interface VerifyPagesOptions {
  readonly signal?: AbortSignal;
  /** Told how many pages were looked at, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PageProblem {
  readonly scope: string;
  readonly key: string;
  readonly problem: KvMiss;
}

/** The prefixes of a scope, those used or made last first. */
export function prefixesOf(
  scope: string,
  links: readonly Link[],
  uses: readonly Use[],
): readonly StoredPrefix[] {
  const byKey = new Map(links.map((link) => [link.key, link]));
  const childrenOf = new Map<string, number>();
  for (const { parent } of links) childrenOf.set(parent, (childrenOf.get(parent) ?? 0) + 1);
  const used = new Map<string, { count: number; last: number }>();
  for (const { key, at } of uses) {
    const { count, last } = used.get(key) ?? { count: 0, last: 0 };
    used.set(key, { count: count + 1, last: Math.max(last, at) });
  }
  return links
    .filter(({ key }) => !childrenOf.has(key))
    .map((leaf) => {
      const chain = chainOf(leaf, byKey);
      const shared = chain.findIndex(({ key }) => (childrenOf.get(key) ?? 0) > 1);
      const own = shared === -1 ? chain : chain.slice(0, shared);
      const use = used.get(leaf.key);
      const engine = enginePartsIn(leaf.owner.engineKey)?.engineBuild;
      return {
        scope,
        key: leaf.key,
        model: leaf.owner.modelSha256,
        ...(engine === undefined ? {} : { engine }),
        tokens: leaf.position + PAGE_TOKENS,
        storedBytes: sum(chain, "storedBytes"),
        ownBytes: sum(own, "storedBytes"),
        costMs: sum(chain, "costMs"),
        createdAt: leaf.createdAt,
        uses: use?.count ?? 0,
        ...(use === undefined ? {} : { usedAt: use.last }),
      };
    })
    .toSorted((a, b) => (b.usedAt ?? b.createdAt) - (a.usedAt ?? a.createdAt));
}

/** A page and all that it builds on, last page first. */
export function chainOf(leaf: Link, byKey: ReadonlyMap<string, Link>): readonly Link[] {
  const chain = [leaf];
  for (let at = leaf; at.position > 0;) {
    const parent = byKey.get(at.parent);
    if (parent === undefined || parent.position >= at.position) break;
    chain.push(parent);
    at = parent;
  }
  return chain;
}

/** Reads and checks every page of a scope. */
export async function problemsIn(
  store: ScopeStore,
  links: readonly Link[],
  { signal, onPage }: Pick<VerifyPagesOptions, "signal"> & { readonly onPage: () => void },
): Promise<readonly PageProblem[]> {
  const keys = new Set(links.map(({ key }) => key));
  const problems: PageProblem[] = [];
  for (const link of links) {
    signal?.throwIfAborted();
    const { key } = link;
    const orphan = link.position > 0 && !keys.has(link.parent);
    const problem = (await store.check(link)) ?? (orphan ? "page-missing" : undefined);
    if (problem !== undefined) problems.push({ scope: store.scope, key, problem });
    onPage();
  }
  return problems;
}

function sum(links: readonly Link[], member: "storedBytes" | "costMs"): number {
  return links.reduce((total, link) => total + link[member], 0);
}
