import type { Access, NewTask, Position } from "../flow/index.ts";
import type { CubeRef, Edge, MemoryKind, MemoryState } from "../memory/index.ts";

/** What a vault can do beyond the required; what is declared works. */
export interface VaultCapabilities {
  /** Has {@link Vault.candidates}. */
  readonly candidates: boolean;
  /** Candidates also come by vectors of this model: see `vector` of {@link Vault.candidates}. */
  readonly vectors?: { readonly model: string; readonly dimensions: number };
  /** One commit call may carry several cubes. No driver here does so yet. */
  readonly atomicAcrossCubes: boolean;
  /**
   * What an acknowledged commit survives: `power` a power failure, `process` a crash of every process
   * that uses the storage (of a server, too, but for seconds that its driver's README names), `none` nothing
   * (reference storage for tests).
   */
  readonly durability: "power" | "process" | "none";
  /** Hash that links heads: hex of H(`${previous head}\n${seq}\n${at}\n${digest}`), first head "". */
  readonly linkHash: "sha256" | "sha1";
  /**
   * Writes in one commit up to which the storage stays quick for everybody else: adding and importing
   * make no larger ones. A larger commit is possible all the same. Left out: `LIMITS.addBatch`.
   */
  readonly batchWrites?: number;
}

/** What the vault indexes of a version, beside keeping its content. All of it can be erased. */
export interface VersionIndex {
  readonly kind: MemoryKind;
  readonly type: string;
  readonly state: MemoryState;
  /** Key of the visibility class (see `memory/visibility.ts`). */
  readonly visibility: string;
  readonly externalKey?: string;
  readonly sessionId?: string;
  readonly tags: readonly string[];
  /** When it was said or happened, else when it was created; milliseconds. */
  readonly at: number;
  readonly expiresAt?: number;
  /** Analysed terms for `candidates`, separated by spaces; empty when it is not searchable. */
  readonly terms: string;
  readonly edges: readonly Edge[];
}

/** Writes one version of a memory, under compare-and-set. */
export interface PutWrite {
  readonly op: "put";
  readonly id: string;
  /** The version this replaces; 0 when the memory must not exist. */
  readonly expectedVersion: number;
  /** `expectedVersion + 1`, or higher when an erased id is used again. */
  readonly version: number;
  /** Canonical JSON of the content (`MemoryContent`). */
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly index: VersionIndex;
}

/** Destroys every version, vector, edge, term and usage of a memory. No error when it is not there. */
export interface EraseWrite {
  readonly op: "erase";
  readonly id: string;
  /** When given, the current version must be this one. */
  readonly expectedVersion?: number;
}

/**
 * Stores the vector of a payload, one for each memory: the latest, kept through later versions until
 * the memory is erased. Dropped silently when the memory is not there any more.
 */
export interface VectorWrite {
  readonly op: "vector";
  readonly id: string;
  /** Fingerprint of the payload that was embedded: a vector of another payload is not used. */
  readonly fingerprint: string;
  readonly model: string;
  readonly vector: Float32Array;
}

/** Writes the cube's own header; with `expectedVersion` 0 it creates the cube. */
export interface CubeWrite {
  readonly op: "cube";
  readonly expectedVersion: number;
  readonly version: number;
  /** Canonical JSON of the `CubeHeader`. */
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
}

export type VaultWrite = PutWrite | EraseWrite | VectorWrite | CubeWrite;

/** One atomic mutation of one cube: all of it, or nothing. */
export interface CommitRequest {
  readonly cube: CubeRef;
  /** Epoch of a cube that this commit creates; left out otherwise. */
  readonly epoch?: string;
  /**
   * Version of the cube's header under which the commit was authorised. When given, it must be the
   * current one, so that a revoked writer can't slip in a last write.
   */
  readonly cubeVersion?: number;
  /**
   * Commitment of that header: no other header has it, also not one of the same version in a cube that was
   * deleted and made again, or whose last commits a failover lost. When given, it must be the current one's.
   */
  readonly cubeCommitment?: string;
  /** Supplied time; the log gets `max(previous, at)`. */
  readonly at: number;
  /** Canonical JSON of the `CommitBody`. */
  readonly body: string;
  /** SHA-256 (hex) of `body`. */
  readonly digest: string;
  /**
   * A key under which this commit happens once. When the cube has seen it, nothing is written and
   * the receipt of the first time comes back, also after that commit has left hot storage. Forgotten
   * by commits at `expiresAt` or later. Hash it: keys may be personal.
   */
  readonly idempotency?: { readonly key: string; readonly expiresAt: number };
  readonly writes: readonly VaultWrite[];
  /** Queued in the same step: acknowledged together with the commit, or not at all. */
  readonly tasks: readonly NewTask[];
}

/** Acknowledgement of a commit, durable as `capabilities.durability` says. */
export interface CommitReceipt {
  readonly position: Position;
  readonly at: number;
  /** True when the idempotency key had been seen: nothing was written now. */
  readonly replayed: boolean;
  /** The stored body: on a replay the first one's. */
  readonly body: string;
}

/** A version as it is kept. */
export interface StoredVersion {
  readonly id: string;
  readonly version: number;
  readonly fromSeq: number;
  /** Left out while it is current. */
  readonly toSeq?: number;
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly visibility: string;
  /** Rises with creation order within the cube; a memory keeps it through its versions. */
  readonly ordinal: number;
  /** Present when vectors were asked for and there is one. */
  readonly vector?: {
    readonly model: string;
    readonly fingerprint: string;
    readonly values: Float32Array;
  };
}

export interface StoredCube {
  readonly ref: CubeRef;
  readonly version: number;
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly position: Position;
  /** Time of the last commit. */
  readonly at: number;
}

/**
 * Which memories of a cube; conditions are joined by "and". An empty list of kinds, types or states
 * lets nothing through, an empty list of tags everything.
 */
export interface VaultFilter {
  readonly kinds?: readonly MemoryKind[];
  readonly types?: readonly string[];
  readonly states?: readonly MemoryState[];
  /** All of them must be there. */
  readonly tags?: readonly string[];
  readonly sessionId?: string;
  /** On `at`, in milliseconds: from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
}

/** On whose behalf and as of when a vault reads. */
export interface ReadOptions {
  /** Judged by the class of the version read and the cube's lists of now, whatever `seq` is. */
  readonly access: Access;
  /** Reads as of this sequence number. @default the newest */
  readonly seq?: number;
  /** Memories that have expired by then are not there. Left out: expiry is not looked at. */
  readonly now?: number;
  /** Also returns vectors. @default false */
  readonly vectors?: boolean;
}

export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  readonly digest: string;
  /** Position head after this commit. */
  readonly head: string;
  readonly body: string;
}

/** Edge found by reverse look-up, with the memory it starts from. */
export interface StoredEdge extends Edge {
  readonly from: string;
  readonly fromVersion: number;
}

/** A stretch of history that lives in a blob: its commits and the versions that ended in it. */
export interface HistorySegment {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Head after `toSeq`, so that the chain goes on. */
  readonly head: string;
  /** Time of the last commit in it. */
  readonly toAt: number;
  readonly blob: string;
  readonly sizeBytes: number;
}

export interface CubeStats {
  /** Current memories in any state. */
  readonly memories: number;
  /** Versions in hot storage, current ones included. */
  readonly versions: number;
  readonly vectors: number;
  /** Commits in hot storage. */
  readonly commits: number;
  readonly segments: number;
  /** Bytes of content in hot storage, roughly. */
  readonly contentBytes: number;
}
