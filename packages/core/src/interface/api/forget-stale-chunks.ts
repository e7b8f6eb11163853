import type { Candidate } from "../reader/index.ts";
import type { OpenCube } from "./context.ts";
import { forget } from "./forget.ts";

/** Keys looked up at a time while the end of an earlier, longer document is sought. */
const PROBED = 32;
/** A document of more chunks than this is not looked after: chunks of 300 tokens make a library. */
const MOST_CHUNKS = 100_000;

/**
 * A document that was added again and became shorter leaves chunks of its earlier self: those whose
 * key continues the numbering of its last chunk are forgotten. Returns how many.
 */
export async function forgetStaleChunks(
  cube: OpenCube,
  candidates: readonly Candidate[],
): Promise<number> {
  let forgotten = 0;
  for (const [base, last] of lastChunks(candidates)) {
    for (let next = last + 1; next < MOST_CHUNKS; next += PROBED) {
      const externalKeys = Array.from({ length: PROBED }, (_, i) => `${base}#${next + i}`);
      const found = await cube.context.storage.vault.readByKey(cube.ref, {
        externalKeys,
        access: { principals: cube.principals },
      });
      for (const { id } of found) await forget(cube, id, { note: "the document became shorter" });
      forgotten += found.length;
      if (found.length < PROBED) break;
    }
  }
  return forgotten;
}

/** The number of the last chunk by document. */
function lastChunks(candidates: readonly Candidate[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { payload, externalKey } of candidates) {
    if (payload.type !== "document" || externalKey === undefined) continue;
    const [, base = externalKey, number = "0"] = /^(.*)#(\d{1,6})$/su.exec(externalKey) ?? [];
    last.set(base, Math.max(last.get(base) ?? 0, Number(number)));
  }
  return last;
}
