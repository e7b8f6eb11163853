import type { Position } from "../../flow/index.ts";
import type { CubeRef } from "../../memory/index.ts";
import type { HistorySegment } from "../../ports/index.ts";
import { readLog, type Places } from "./history.ts";
import { ChainCheck } from "./verify-chain.ts";
import type { VerifyOptions, VerifyProblem, VerifyReport } from "./verify-report.ts";
import { VersionCheck } from "./verify-versions.ts";

/**
 * Recomputes everything the log promises: each commit's digest, the dense order, the links between
 * heads, the seals with their signatures, and each version's commitment. Finds commits and versions
 * that were altered, removed, added or reordered. Changes nothing.
 */
export async function verifyCube(
  storage: Places,
  ref: CubeRef,
  position: Position,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  const damaged = new Set<number>();
  const onDamaged = (segment: HistorySegment) => {
    if (damaged.has(segment.toSeq)) return;
    damaged.add(segment.toSeq);
    problems.push({ code: "segment-damaged", seq: segment.fromSeq });
  };
  // INVARIANT: segments before seals. What is archived now was sealed before.
  const archivedTo = (await storage.vault.segments(ref)).at(-1)?.toSeq ?? 0;
  const chain = new ChainCheck(
    storage.vault,
    ref,
    position,
    { ...options, archivedTo: Math.min(archivedTo, position.seq) },
    problems,
  );
  await chain.loadSeals();
  const check = new VersionCheck(storage, ref, position.seq, problems);
  for await (const entry of readLog(storage, ref, 0, onDamaged)) {
    options.signal?.throwIfAborted();
    if (entry.seq > position.seq) break;
    const body = await chain.next(entry);
    if (body !== undefined) check.claim(entry.seq, body);
    options.onProgress?.({ done: entry.seq, total: position.seq });
  }
  chain.end();
  const versions = await check.run(onDamaged, options.signal);
  const { sealedTo } = chain;
  return {
    ok: problems.length === 0,
    problems,
    commits: chain.commits,
    versions,
    sealedTo,
    ...(sealedTo < position.seq ? { unsealed: { from: sealedTo + 1, to: position.seq } } : {}),
    position,
  };
}
