import type { Access, Page, Position, Seal } from "../flow/index.ts";
import type { CubeRef, EdgeType, MemoryRef } from "../memory/index.ts";
import type {
  CommitReceipt,
  CommitRequest,
  CubeStats,
  HistorySegment,
  LogEntry,
  ReadOptions,
  StoredCube,
  StoredEdge,
  StoredVersion,
  VaultCapabilities,
  VaultFilter,
} from "./vault-records.ts";

/**
 * Keeps cubes: their memories, versions, log and edges (MemOS 2507.03724 section 5.5). Everything a
 * vault returns is scoped to the tenant and cube asked for and to what `access` may see. Nothing
 * there is `undefined` or an empty list, never an error.
 *
 * All methods may raise `MEMCUBE_BUSY`, `MEMCUBE_CLOSED` and the `MEMCUBE_STORAGE_*` codes.
 */
export interface Vault {
  readonly capabilities: VaultCapabilities;

  /**
   * Writes one commit atomically and links it to the log.
   *
   * Checks, in this order, before anything is written: idempotency key, the cube (and that it does
   * not exist, when it is to be created), `cubeVersion` and `cubeCommitment`, every expected version,
   * external keys unique in the cube (as it is after the commit). A conflict of the cube's header has the
   * id "@cube" in its details; no memory can have that id.
   *
   * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND`, `MEMCUBE_CUBE_EXISTS`, `MEMCUBE_CONFLICT`
   * (details `{ id, expected, actual }`, versions or commitments), `MEMCUBE_DUPLICATE_KEY` (details
   * `{ id }` of the holder),
   * `MEMCUBE_INVALID_INPUT` (a memory with the id "@cube")
   */
  commit(request: CommitRequest): Promise<CommitReceipt>;

  /** The cube as stored, whoever asks: the operation that asks decides with its header. */
  cube(ref: CubeRef): Promise<StoredCube | undefined>;

  /** Cubes of a tenant that `access` sees, ordered by id. */
  cubes(query: {
    readonly tenantId: string;
    readonly access: Access;
    readonly limit: number;
    readonly cursor?: string;
    readonly withTotal?: boolean;
  }): Promise<Page<StoredCube>>;

  /** Destroys a cube with all it holds, its log included. Whether there was one. */
  dropCube(ref: CubeRef): Promise<boolean>;

  /** Cheap: what a process asks before each search. */
  position(ref: CubeRef): Promise<Position | undefined>;

  /** Current versions (or those at `seq`) by id, in the order asked; what is not seen is left out. */
  read(
    ref: CubeRef,
    query: ReadOptions & { readonly ids: readonly string[] },
  ): Promise<readonly StoredVersion[]>;

  /** Current versions (or those at `seq`) by the external key that they have, in the order asked. */
  readByKey(
    ref: CubeRef,
    query: ReadOptions & { readonly externalKeys: readonly string[] },
  ): Promise<readonly StoredVersion[]>;

  /** Memories in creation order (or its reverse), one page. */
  list(
    ref: CubeRef,
    query: ReadOptions & {
      readonly filter: VaultFilter;
      readonly order: "oldest" | "newest";
      readonly limit: number;
      readonly cursor?: string;
      readonly withTotal?: boolean;
    },
  ): Promise<Page<StoredVersion>>;

  /**
   * Versions of one memory in hot storage, newest first, those below the version `below`. `access` is
   * judged by each version. The id "@cube" gives the versions of the cube's header, to the system only;
   * they end and move to segments like others, and are neither read, listed nor counted otherwise.
   */
  versions(
    ref: CubeRef,
    query: {
      readonly id: string;
      readonly access: Access;
      readonly limit: number;
      readonly below?: number;
    },
  ): Promise<readonly StoredVersion[]>;

  /** Commits in hot storage after `afterSeq`, oldest first. */
  log(
    ref: CubeRef,
    query: { readonly afterSeq: number; readonly limit: number },
  ): Promise<readonly LogEntry[]>;

  /** Position of the last hot commit with a time up to `at`; `undefined` when all are younger. */
  positionAt(ref: CubeRef, at: number): Promise<Position | undefined>;

  /** Edges of this cube's current memories that point to `target` (of any cube of the tenant). */
  edgesTo(
    ref: CubeRef,
    query: {
      readonly target: MemoryRef;
      readonly types?: readonly EdgeType[];
      readonly access: Access;
      readonly limit: number;
      readonly cursor?: string;
    },
  ): Promise<Page<StoredEdge>>;

  /** Seals after `afterSeq`, oldest first. */
  seals(
    ref: CubeRef,
    query: { readonly afterSeq: number; readonly limit: number },
  ): Promise<readonly Seal[]>;

  /** Appends a seal. @throws MemCubeError `MEMCUBE_CONFLICT` unless it continues the last one. */
  seal(ref: CubeRef, seal: Seal): Promise<void>;

  /**
   * Takes or extends a named lease until `until`; false while another holder has it.
   * Used for work that one process at a time should do.
   */
  lease(
    ref: CubeRef,
    lease: {
      readonly name: string;
      readonly holder: string;
      readonly now: number;
      readonly until: number;
    },
  ): Promise<boolean>;

  /** Pointer to something derived from the cube, such as an index segment. Not state, not logged. */
  mark(ref: CubeRef, name: string): Promise<string | undefined>;
  /** Sets a pointer; `undefined` removes it. */
  setMark(ref: CubeRef, name: string, value: string | undefined): Promise<void>;

  /** Segments of history in the blob store, oldest first. */
  segments(ref: CubeRef): Promise<readonly HistorySegment[]>;

  /** Versions in hot storage that ended after `afterSeq` and not after `toSeq`, by id and version. */
  endedVersions(
    ref: CubeRef,
    query: {
      readonly afterSeq: number;
      readonly toSeq: number;
      readonly limit: number;
      readonly cursor?: string;
    },
  ): Promise<Page<StoredVersion>>;

  /**
   * Records a segment and takes what it covers out of hot storage, in one step.
   *
   * @param expect how many versions it holds: exactly so many must be hot that ended in it or before,
   * or one of them was erased since they were read
   * @throws MemCubeError `MEMCUBE_CONFLICT` unless it continues the last segment and holds `expect`
   */
  addSegment(
    ref: CubeRef,
    segment: HistorySegment,
    expect?: { readonly versions: number },
  ): Promise<void>;

  /**
   * Points a segment to a rewritten blob, after an erasure.
   * @throws MemCubeError `MEMCUBE_CONFLICT` when the segment no longer has the blob `replaced`
   */
  replaceSegment(ref: CubeRef, segment: HistorySegment, replaced: string): Promise<void>;

  stats(ref: CubeRef): Promise<CubeStats>;

  /**
   * Ids of some `limit` permitted memories that share terms with the query, best first by the
   * storage's own ranking; the operator rescores them. Only with `capabilities.candidates`. Where
   * `capabilities.vectors` is declared, with a vector of that model also the nearest to it.
   *
   * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` without the capability
   */
  candidates(
    ref: CubeRef,
    query: {
      readonly terms: readonly string[];
      readonly filter: VaultFilter;
      readonly access: Access;
      readonly now: number;
      readonly limit: number;
      /** Looked at only where `capabilities.vectors` is declared. */
      readonly vector?: Float32Array;
    },
  ): Promise<readonly { readonly id: string; readonly score: number }[]>;
}
