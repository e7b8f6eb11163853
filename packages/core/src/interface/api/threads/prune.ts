import { LIMITS } from "../../../limits.ts";
import type { Checkpoint } from "../../../ports/index.ts";
import { parseInput } from "../options.ts";
import { unpackRecord } from "./checkpoint-record.ts";
import { pruneSchema, type PruneOptions } from "./options.ts";
import type { OpenThread } from "./thread-access.ts";

/**
 * Deletes all but the newest `keep` checkpoints of each namespace. A checkpoint whose state is in its
 * ancestors' writes keeps all of them.
 * @returns how many were deleted
 */
export async function pruneThread(thread: OpenThread, raw: PruneOptions = {}): Promise<number> {
  const { keep } = parseInput(pruneSchema, raw, "options");
  const { context, ref, cache } = thread;
  const all = await allCheckpoints(thread);
  const kept = keptOf(all, keep);
  const pruned = all.filter((one) => !kept.has(keyOf(one)));
  if (pruned.length === 0) return 0;
  cache.forget(ref);
  await context.storage.threads.deleteCheckpoints(
    ref,
    pruned.map(({ namespace, id }) => ({ namespace, id })),
  );
  return pruned.length;
}

/** Newest first. */
async function allCheckpoints({ context, ref, now }: OpenThread): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  let cursor: string | undefined;
  do {
    const page = await context.storage.threads.list(ref, {
      bare: true,
      limit: LIMITS.pageRows,
      now,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.items.map(({ checkpoint }) => checkpoint));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

function keptOf(all: readonly Checkpoint[], keep: number): ReadonlySet<string> {
  const byKey = new Map(all.map((one) => [keyOf(one), one]));
  const counts = new Map<string, number>();
  const kept = new Set<string>();
  for (const one of all) {
    const count = (counts.get(one.namespace) ?? 0) + 1;
    counts.set(one.namespace, count);
    if (count > keep) continue;
    kept.add(keyOf(one));
    if (!unpackRecord(one).needsAncestors) continue;
    let ancestor = parentOf(one, byKey);
    while (ancestor !== undefined && !kept.has(keyOf(ancestor))) {
      kept.add(keyOf(ancestor));
      ancestor = parentOf(ancestor, byKey);
    }
  }
  return kept;
}

function parentOf(
  { namespace, parentId }: Checkpoint,
  byKey: ReadonlyMap<string, Checkpoint>,
): Checkpoint | undefined {
  return parentId === undefined ? undefined : byKey.get(keyOf({ namespace, id: parentId }));
}

function keyOf({ namespace, id }: Pick<Checkpoint, "namespace" | "id">): string {
  return JSON.stringify([namespace, id]);
}
