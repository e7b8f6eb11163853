import { createHash } from "node:crypto";

import { isMemCubeError } from "../../errors.ts";
import {
  commitBodySchema,
  type CommitBody,
  type Page,
  type Position,
  type Seal,
} from "../../flow/index.ts";
import { commitmentOf, sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, LogEntry, Signer, StoredVersion, Vault } from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";
import { readLog, readSegment } from "./history.ts";
import { extendRoot, FIRST_ROOT, sealBytes } from "./seal.ts";

export type VerifyProblemCode =
  | "commit-missing"
  | "commit-altered"
  | "commit-unreadable"
  | "commit-foreign"
  | "link-broken"
  | "time-goes-back"
  | "head-mismatch"
  | "seal-missing"
  | "seal-altered"
  | "seal-unsigned"
  | "signature-invalid"
  | "version-missing"
  | "version-altered"
  | "version-unknown"
  | "segment-damaged"
  | "position-not-in-log";

export interface VerifyProblem {
  readonly code: VerifyProblemCode;
  readonly seq?: number;
  readonly memoryId?: string;
  readonly version?: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly problems: readonly VerifyProblem[];
  readonly commits: number;
  readonly versions: number;
  /** The log is sealed up to this commit. */
  readonly sealedTo: number;
  /** Commits that no seal covers yet: their order rests on the storage's links alone. */
  readonly unsealed?: { readonly from: number; readonly to: number };
  readonly position: Position;
}

export interface VerifyOptions {
  readonly signer?: Signer;
  /** A position kept elsewhere: must still be part of this log. */
  readonly expect?: Position;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Versions the log says exist: memory id -> version -> what its line says. */
type Claimed = Map<string, Map<number, { commitment: string; seq: number }>>;

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

/** Walks the log once, checking digests, order, links, time and seals. */
class ChainCheck {
  commits = 0;
  sealedTo = 0;
  readonly #vault: Vault;
  readonly #ref: CubeRef;
  readonly #position: Position;
  readonly #options: VerifyOptions;
  readonly #problems: VerifyProblem[];
  readonly #seals: Seal[] = [];
  #seal = 0;
  #seq = 0;
  #at = 0;
  #head = "";
  #root = FIRST_ROOT;
  #expectSeen: boolean;

  constructor(
    vault: Vault,
    ref: CubeRef,
    position: Position,
    options: VerifyOptions,
    problems: VerifyProblem[],
  ) {
    this.#vault = vault;
    this.#ref = ref;
    this.#position = position;
    this.#options = options;
    this.#problems = problems;
    this.#expectSeen = options.expect === undefined;
  }

  async loadSeals(): Promise<void> {
    for (;;) {
      const afterSeq = this.#seals.at(-1)?.toSeq ?? 0;
      const page = await this.#vault.seals(this.#ref, { afterSeq, limit: LIMITS.pageRows });
      this.#seals.push(...page);
      if (page.length < LIMITS.pageRows) return;
    }
  }

  /** Checks one commit; returns its body when that can be read. */
  async next(entry: LogEntry): Promise<CommitBody | undefined> {
    const { seq } = entry;
    for (let missing = this.#seq + 1; missing < seq; missing++) {
      this.#problems.push({ code: "commit-missing", seq: missing });
    }
    if (seq <= this.#seq) this.#problems.push({ code: "link-broken", seq });
    if (sha256Hex(entry.body) !== entry.digest) {
      this.#problems.push({ code: "commit-altered", seq });
    }
    if (linkOf(this.#vault.capabilities.linkHash, this.#head, entry) !== entry.head) {
      this.#problems.push({ code: "link-broken", seq });
    }
    if (entry.at < this.#at) this.#problems.push({ code: "time-goes-back", seq });
    this.commits++;
    this.#seq = seq;
    this.#at = entry.at;
    this.#head = entry.head;
    this.#root = extendRoot(this.#root, entry);
    this.#checkExpected(entry);
    await this.#checkSeal(seq);
    return this.#body(entry);
  }

  end(): void {
    const { seq, head } = this.#position;
    for (let missing = this.#seq + 1; missing <= seq; missing++) {
      this.#problems.push({ code: "commit-missing", seq: missing });
    }
    if (this.#seq === seq && this.#head !== head) {
      this.#problems.push({ code: "head-mismatch", seq });
    }
    const left = this.#seals[this.#seal];
    if (left !== undefined && left.toSeq <= seq) {
      this.#problems.push({ code: "seal-altered", seq: left.toSeq });
    }
    if (!this.#expectSeen) this.#problems.push({ code: "position-not-in-log" });
  }

  #checkExpected(entry: LogEntry): void {
    const { expect } = this.#options;
    if (expect?.seq !== entry.seq) return;
    this.#expectSeen = expect.head === entry.head && expect.epoch === this.#position.epoch;
  }

  async #checkSeal(seq: number): Promise<void> {
    const seal = this.#seals[this.#seal];
    if (seal === undefined || seal.toSeq > seq) return;
    const from = (this.#seals[this.#seal - 1]?.toSeq ?? 0) + 1;
    this.#seal++;
    if (seal.fromSeq !== from || seal.toSeq !== seq) {
      this.#problems.push({ code: "seal-missing", seq: seal.fromSeq });
    }
    if (seal.root !== this.#root) {
      this.#problems.push({ code: "seal-altered", seq: seal.toSeq });
      return;
    }
    await this.#checkSignature(seal);
    this.sealedTo = seal.toSeq;
  }

  async #checkSignature(seal: Seal): Promise<void> {
    const { signer } = this.#options;
    if (signer === undefined) return;
    if (seal.signature === undefined || seal.keyId !== signer.keyId) {
      this.#problems.push({ code: "seal-unsigned", seq: seal.toSeq });
      return;
    }
    const bytes = sealBytes(this.#ref, this.#position.epoch, seal);
    if (!(await signer.verify(bytes, Buffer.from(seal.signature, "base64")))) {
      this.#problems.push({ code: "signature-invalid", seq: seal.toSeq });
    }
  }

  #body(entry: LogEntry): CommitBody | undefined {
    try {
      const body = commitBodySchema.parse(JSON.parse(entry.body));
      if (body.tenantId !== this.#ref.tenantId || body.cubeId !== this.#ref.cubeId) {
        this.#problems.push({ code: "commit-foreign", seq: entry.seq });
      }
      return body;
    } catch {
      this.#problems.push({ code: "commit-unreadable", seq: entry.seq });
      return undefined;
    }
  }
}

/** The head after a commit, as every storage links it (see `VaultCapabilities.linkHash`). */
export function linkOf(
  hash: "sha256" | "sha1",
  previousHead: string,
  entry: Pick<LogEntry, "seq" | "at" | "digest">,
): string {
  return createHash(hash)
    .update(`${previousHead}\n${entry.seq}\n${entry.at}\n${entry.digest}`)
    .digest("hex");
}

/** Keeps what a commit says about versions; an erasure takes back all earlier claims on the id. */
function claim(claimed: Claimed, seq: number, body: CommitBody): void {
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
async function checkVersions(
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
