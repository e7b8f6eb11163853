import { isMemCubeError } from "../../errors.ts";
import { commitBodySchema, type CommitBody, type Page } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { commitmentOf, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, StoredVersion, Vault } from "../../ports/index.ts";
import { readLog, readSegment } from "./history.ts";
import type { VerifyProblem } from "./verify-report.ts";

/** Versions the log says exist: memory id -> version -> what its line says. */
export type Claimed = Map<string, Map<number, { commitment: string; seq: number }>>;

/** Keeps what a commit says about versions; an erasure takes back all earlier claims on the id. */
export function claim(claimed: Claimed, seq: number, body: CommitBody): void {
  for (const line of body.changes) {
    if (line.op === "erase" && line.memoryId !== undefined) claimed.delete(line.memoryId);
    if (line.version === undefined || line.commitment === undefined) continue;
    const id = line.memoryId ?? "@cube";
    const versions = claimed.get(id) ?? new Map<number, { commitment: string; seq: number }>();
    versions.set(line.version, { commitment: line.commitment, seq });
    claimed.set(id, versions);
  }
}

/** Compares every stored version with its line in the log. Returns how many were there. */
export async function checkVersions(
  storage: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  seq: number,
  claimed: Claimed,
  problems: VerifyProblem[],
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  const seen = new Set<string>();
  for await (const stored of everyVersion(storage, ref, seq, problems)) {
    signal?.throwIfAborted();
    if (stored.fromSeq > seq) continue;
    const key = `${stored.version}\n${stored.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    count++;
    const line = claimed.get(stored.id)?.get(stored.version);
    const place = { memoryId: stored.id, version: stored.version };
    if (line === undefined) {
      problems.push({ code: "version-unknown", ...place });
      continue;
    }
    claimed.get(stored.id)?.delete(stored.version);
    const actual = commitmentOf(stored.salt, stored.version, stored.content);
    if (actual !== line.commitment || line.seq !== stored.fromSeq) {
      problems.push({ code: "version-altered", seq: line.seq, ...place });
    }
  }
  await dropErasedSince(storage, ref, seq, claimed);
  for (const [memoryId, versions] of claimed) {
    for (const [version, line] of versions) {
      problems.push({ code: "version-missing", seq: line.seq, memoryId, version });
    }
  }
  return count;
}

/** Claims on memories that were erased while we looked are void. */
async function dropErasedSince(
  storage: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  seq: number,
  claimed: Claimed,
): Promise<void> {
  if (claimed.size === 0) return;
  for await (const entry of readLog(storage.vault, storage.blobs, ref, seq)) {
    for (const line of commitBodySchema.parse(JSON.parse(entry.body)).changes) {
      if (line.op === "erase" && line.memoryId !== undefined) claimed.delete(line.memoryId);
    }
  }
}

/**
 * Current versions first, then ended ones, then those in segments: a version only ever moves in that
 * direction, so none is missed while others write.
 */
async function* everyVersion(
  storage: { readonly vault: Vault; readonly blobs: BlobStore },
  ref: CubeRef,
  seq: number,
  problems: VerifyProblem[],
): AsyncGenerator<StoredVersion> {
  const { vault, blobs } = storage;
  const access = { system: "verify" } as const;
  yield* await vault.versions(ref, { id: "@cube", access, limit: LIMITS.pageRows });
  yield* pages((cursor) =>
    vault.list(ref, { access, filter: {}, order: "oldest", limit: LIMITS.pageRows, ...cursor }),
  );
  yield* pages((cursor) =>
    vault.endedVersions(ref, { afterSeq: 0, toSeq: seq, limit: LIMITS.pageRows, ...cursor }),
  );
  for (const segment of await vault.segments(ref)) {
    try {
      yield* (await readSegment(blobs, ref, segment)).versions;
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED")) throw error;
      problems.push({ code: "segment-damaged", seq: segment.fromSeq });
    }
  }
}

async function* pages(
  read: (cursor: { cursor?: string }) => Promise<Page<StoredVersion>>,
): AsyncGenerator<StoredVersion> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
