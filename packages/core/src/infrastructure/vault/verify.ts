import { isMemCubeError } from "../../errors.ts";
import type { Position } from "../../flow/index.ts";
import type { CubeRef } from "../../memory/index.ts";
import type { BlobStore, Vault } from "../../ports/index.ts";
import { readLog } from "./history.ts";
import { ChainCheck } from "./verify-chain.ts";
import type { VerifyOptions, VerifyProblem, VerifyReport } from "./verify-report.ts";
import { checkVersions, claim, type Claimed } from "./verify-versions.ts";

/**
 * Recomputes everything the log promises: each commit's digest, the dense order, the links between
 * heads, the seals with their signatures, and each version's commitment. Finds commits and versions
 * that were altered, removed, added or reordered. Changes nothing.
 */
export async function verifyCube(
  storage: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  position: Position,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  const claimed: Claimed = new Map();
  const chain = new ChainCheck(storage.vault, ref, position, options, problems);
  await chain.loadSeals();
  try {
    for await (const entry of readLog(storage.vault, storage.blobs, ref, 0)) {
      options.signal?.throwIfAborted();
      if (entry.seq > position.seq) break;
      const body = await chain.next(entry);
      if (body !== undefined) claim(claimed, entry.seq, body);
      options.onProgress?.({ done: entry.seq, total: position.seq });
    }
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED")) throw error;
    problems.push({ code: "segment-damaged" });
  }
  chain.end();
  const versions = await checkVersions(
    storage,
    ref,
    position.seq,
    claimed,
    problems,
    options.signal,
  );
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
