import type { CubeHeader, CubeRef, JsonObject, UsageView } from "../memory/index.ts";
import type { Seal } from "../flow/index.ts";
import type {
  Checkpoint,
  CommitReceipt,
  HistorySegment,
  LogEntry,
  PendingWrite,
  ThreadChunk,
  ThreadRef,
  TopicMessage,
  VersionIndex,
} from "../ports/index.ts";

/** One version of a memory. */
export interface VersionRow {
  readonly id: string;
  readonly version: number;
  readonly fromSeq: number;
  toSeq?: number;
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly ordinal: number;
  readonly index: VersionIndex;
}

/** A memory: its versions, oldest first and never empty, and its vector. */
export interface MemoryRow {
  readonly ordinal: number;
  versions: VersionRow[];
  vector?: { readonly model: string; readonly fingerprint: string; readonly values: Float32Array };
}

/** One version of a cube's header. */
export interface HeaderRow {
  readonly version: number;
  readonly fromSeq: number;
  toSeq?: number;
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly header: CubeHeader;
}

/** A cube with everything it holds. */
export interface CubeRow {
  readonly ref: CubeRef;
  readonly epoch: string;
  seq: number;
  head: string;
  at: number;
  nextOrdinal: number;
  /** Oldest first; empty only while the commit that creates the cube is being written. */
  headers: HeaderRow[];
  readonly memories: Map<string, MemoryRow>;
  log: LogEntry[];
  readonly receipts: Map<string, { readonly expiresAt: number; readonly receipt: CommitReceipt }>;
  readonly seals: Seal[];
  readonly leases: Map<string, { readonly holder: string; readonly until: number }>;
  readonly marks: Map<string, string>;
  readonly segments: HistorySegment[];
}

/** A task in the queue. */
export interface TaskRow {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string;
  readonly cubeId: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly priority: number;
  readonly maxAttempts: number;
  /** Rises with every task: the age. */
  readonly order: number;
  state: "waiting" | "leased" | "dead";
  /** Due from then on: while it is leased, the end of the lease. */
  dueAt: number;
  attempt: number;
  token: number;
  error: string;
  diedAt: number;
}

export interface QueueData {
  readonly tasks: Map<string, TaskRow>;
  /** When each tenant had its turn last, as a count of leases. */
  readonly turns: Map<string, number>;
  nextOrder: number;
  nextTurn: number;
}

/** A thread with its checkpoints, pending writes and chunks. */
export interface ThreadRow {
  readonly ref: ThreadRef;
  readonly createdAt: number;
  updatedAt: number;
  expiresAt?: number;
  readonly checkpoints: Map<string, Checkpoint>;
  readonly writes: Map<string, PendingWrite[]>;
  readonly chunks: Map<string, ThreadChunk>;
}

export interface TopicRow {
  nextId: number;
  messages: TopicMessage[];
  readonly groups: Map<string, GroupRow>;
}

/** How far a group has read, and what it was given and has not acknowledged. */
export interface GroupRow {
  lastId: number;
  readonly pending: Map<number, { readonly visibleAt: number }>;
}

/** Everything a memory storage keeps: plain data that `structuredClone` copies. */
export interface MemoryData {
  readonly cubes: Map<string, CubeRow>;
  readonly queue: QueueData;
  readonly threads: Map<string, ThreadRow>;
  readonly topics: Map<string, TopicRow>;
  /** Tenant, then hash. */
  readonly blobs: Map<string, Map<string, Uint8Array>>;
  /** Cube key, then memory id. */
  readonly usage: Map<string, Map<string, UsageView>>;
}

/** Data of a storage in which nothing was written yet. */
export function emptyData(): MemoryData {
  return {
    cubes: new Map(),
    queue: { tasks: new Map(), turns: new Map(), nextOrder: 1, nextTurn: 1 },
    threads: new Map(),
    topics: new Map(),
    blobs: new Map(),
    usage: new Map(),
  };
}
