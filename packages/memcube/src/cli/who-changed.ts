import type { Change, HistoricMemory, MemCube } from "@memcube/core";

/**
 * Who wrote each version, by the commit that wrote it. Empty for a caller who may not read the log.
 */
export async function whoChanged(
  cube: MemCube,
  versions: readonly HistoricMemory[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const wanted = new Set(versions.map(({ version }) => version.fromSeq));
  const found = new Map<number, string>();
  try {
    for await (const { seq, actor } of cube.log({ signal })) {
      if (wanted.has(seq)) found.set(seq, nameOf(actor));
      if (found.size === wanted.size) break;
    }
  } catch (error) {
    // The log is for the owner; a reader sees versions without their authors.
    if ((error as { readonly code?: unknown }).code !== "MEMCUBE_FORBIDDEN") throw error;
  }
  return found;
}

/** An actor as people write it: `ada via cli`, `ada (agent planner)`. */
export function nameOf({ userId, agentId, via }: Change["actor"]): string {
  const agent = agentId === undefined ? "" : ` (agent ${agentId})`;
  return `${userId}${agent}${via === undefined ? "" : ` via ${via}`}`;
}
