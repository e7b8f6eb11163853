import type { Link } from "./link.ts";
import type { Use } from "./uses.ts";

/** A use counts half after so long: what was hot last week is worth little against today's. */
const HALF_LIFE_MS = 24 * 3_600_000;

export type EvictableLink = Pick<
  Link,
  "key" | "parent" | "position" | "page" | "storedBytes" | "costMs" | "createdAt"
>;

export interface EvictionInput {
  readonly links: readonly EvictableLink[];
  readonly uses: readonly Use[];
  /** Bytes that may stay. */
  readonly targetBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Keys that stay whatever it costs: pages of activation memories. */
  readonly pinned?: ReadonlySet<string>;
}

/**
 * Which pages go, in the order to remove them: those nobody can reach first (their parent is gone),
 * then those whose loss costs the least computing per byte freed, each after all that build on it.
 *
 * A page is worth its cost per byte times its uses, each use decayed by age; a use of a prefix is a
 * use of every page in it, and being made counts as one. (Cost, size, frequency and age as in
 * Greedy-Dual-Size-Frequency, Cherkasova 1998, with decay in place of inflation, so that several
 * processes agree without shared state.)
 */
export function planEviction({
  links,
  uses,
  targetBytes,
  now,
  pinned = new Set(),
}: EvictionInput): EvictableLink[] {
  const reachable = reachableLinks(links);
  const orphans = links.filter(({ key }) => !reachable.has(key) && !pinned.has(key));
  const worth = worthOf([...reachable.values()], uses, now, pinned);
  const order = [...reachable.values()].sort(
    (a, b) => (worth.get(a.key) ?? 0) - (worth.get(b.key) ?? 0) || b.position - a.position,
  );
  let bytes = order.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const dropped: EvictableLink[] = [];
  for (const link of order) {
    if (bytes <= targetBytes || worth.get(link.key) === Infinity) break;
    dropped.push(link);
    bytes -= link.storedBytes;
  }
  return [...orphans, ...dropped];
}

function reachableLinks(links: readonly EvictableLink[]): Map<string, EvictableLink> {
  const reachable = new Map<string, EvictableLink>();
  for (const link of links.toSorted((a, b) => a.position - b.position)) {
    if (link.position === 0 || reachable.has(link.parent)) reachable.set(link.key, link);
  }
  return reachable;
}

/**
 * INVARIANT: a page is worth at least what any page that builds on it is worth, so that in ascending
 * order no page goes before those that need it.
 */
function worthOf(
  links: readonly EvictableLink[],
  uses: readonly Use[],
  now: number,
  pinned: ReadonlySet<string>,
): Map<string, number> {
  const weight = (at: number) => 2 ** (-Math.max(0, now - at) / HALF_LIFE_MS);
  const used = new Map<string, number>();
  const add = (key: string, value: number) => used.set(key, (used.get(key) ?? 0) + value);
  for (const { key, at } of uses) add(key, weight(at));
  const worth = new Map<string, number>();
  for (const link of links.toSorted((a, b) => b.position - a.position)) {
    const own = (used.get(link.key) ?? 0) + weight(link.createdAt);
    add(link.parent, used.get(link.key) ?? 0);
    const value = pinned.has(link.key) ? Infinity : (own * link.costMs) / link.storedBytes;
    const least = Math.max(value, worth.get(link.key) ?? 0);
    worth.set(link.key, least);
    worth.set(link.parent, Math.max(worth.get(link.parent) ?? 0, least));
  }
  return worth;
}
