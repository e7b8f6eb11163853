import type { List } from "./store-operation.ts";

/** One page of namespaces as `listNamespaces` gives them: those that match, cut, sorted, each once. */
export function pageOfNamespaces(
  namespaces: readonly (readonly string[])[],
  { matchConditions, maxDepth, limit, offset }: List,
): string[][] {
  const found = new Map<string, string[]>();
  for (const namespace of namespaces) {
    if (!(matchConditions ?? []).every((condition) => matches(namespace, condition))) continue;
    const cut = namespace.slice(0, maxDepth ?? namespace.length);
    found.set(JSON.stringify(cut), cut);
  }
  const from = offset ?? 0;
  return [...found.values()].sort(inOrder).slice(from, from + (limit ?? found.size));
}

function matches(
  namespace: readonly string[],
  { matchType, path }: NonNullable<List["matchConditions"]>[number],
): boolean {
  const from = matchType === "prefix" ? 0 : namespace.length - path.length;
  const fits = (element: string, at: number): boolean =>
    element === "*" || element === namespace[from + at];
  return path.length <= namespace.length && path.every(fits);
}

/** As `InMemoryStore` sorts them; those it can't tell apart in a fixed order. */
function inOrder(one: readonly string[], other: readonly string[]): number {
  const byName = one.join(":").localeCompare(other.join(":"));
  return byName === 0 && JSON.stringify(one) < JSON.stringify(other) ? -1 : byName;
}
