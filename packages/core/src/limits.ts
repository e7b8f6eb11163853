/**
 * Every bound of memcube, with the reason for its size. A caller who passes one gets
 * `MEMCUBE_LIMIT_EXCEEDED` (or the stated cut), never a slow death.
 */
export const LIMITS = {
  /** Bytes of one memory's payload as JSON. A longer text is a document: it is cut into chunks. */
  payloadBytes: 1_048_576,
  /**
   * Characters of one turn: as many as of a document. One that no memory holds whole is kept in parts.
   */
  turnChars: 8_000_000,
  /** Writes in one atomic commit: keeps a write transaction within some 50 ms. */
  commitWrites: 1_000,
  /** Memories `add` puts into one commit; a larger batch becomes several commits. */
  addBatch: 256,
  /** Principals a caller may carry, so that a permission filter stays a short list. */
  callerPrincipals: 64,
  /** Principals in one allow or deny list; a larger group is a role. */
  listedPrincipals: 256,
  /** Characters of an id (tenant, cube, memory, session, external key). */
  idChars: 256,
  /** Tags or entities on one memory. */
  labels: 128,
  /** Sources of one memory: a merged memory keeps the newest of them. */
  sources: 256,
  /** Edges written with one memory. */
  edges: 256,
  /** Characters of a memory's `activation` conditions as JSON: they are read with every header. */
  activationChars: 65_536,
  /** Levels of a topic path. */
  topicDepth: 16,
  /** Levels of the path of a value: it is indexed under each of them. */
  pathDepth: 32,
  /** Characters of one element of a path: an address or a file's path fits. */
  pathChars: 2_048,
  /** Nesting of JSON values: deeper input is an attack or a mistake. */
  jsonDepth: 64,
  /** Rows of one page of a listing. */
  pageRows: 1_000,
  /** Hits of one search. */
  searchHits: 1_000,
  /** Characters of a `where` filter as JSON: it is tried on every value looked at. */
  whereChars: 65_536,
  /** Memories that one page of a listing with `where` looks at, and a search at most: seconds of work. */
  whereLooks: 10_000,
  /** Cubes of one multi-cube view. */
  viewCubes: 64,
  /** Numbers in one embedding vector. */
  vectorDimensions: 8_192,
  /** How often a read-modify-write without an expected version is tried again after a conflict. */
  conflictRetries: 16,
  /** Commits between two seals of a cube's log, and the longest time before one. */
  sealCommits: 256,
  sealDelayMs: 1_000,
  /** How long a sealer may hold a cube before another process takes over. */
  sealLeaseMs: 10_000,
  /** Between the oldest and the newest unsealed commit at most, by the log's time. */
  sealOverdueMs: 60_000,
  /** Before a blob that history may have let go of is looked at; a pointer is set much faster. */
  dropDelayMs: 60_000,
  /** How long an idempotency key is remembered. */
  idempotencyMs: 7 * 24 * 3_600_000,
  /** Commits kept in hot storage before the oldest move to a history segment in the blob store. */
  hotCommits: 10_000,
  /** Commits in one history segment: some megabytes of JSON before compression. */
  segmentCommits: 5_000,
  /** Attempts of a background task before it becomes a dead letter. */
  taskAttempts: 8,
  /** First wait before a failed task runs again; it doubles up to `taskBackoffMaxMs`. */
  taskBackoffMs: 500,
  taskBackoffMaxMs: 300_000,
  /** How long a worker may hold a task without extending its lease. */
  taskLeaseMs: 30_000,
  /** Messages a topic keeps; older ones are dropped. */
  topicMessages: 100_000,
  /** Rows per slice when an index is built, so that the event loop stays responsive. */
  indexSliceRows: 2_000,
  /**
   * Memories whose usage increments are held before they are written (some 2 MB), and for how long at
   * most; the bounds on what a crash may lose. Counters lie in a tree in order of id, where each write of
   * a few is a page: many together share pages.
   */
  usageBuffer: 8_192,
  usageDelayMs: 1_000,
  /** Usage increments of one call of the storage: some milliseconds, so that reads need not wait. */
  usageSlice: 1_024,
  /** Characters of a thread's, namespace's, checkpoint's or task's name: subgraphs nest their names. */
  threadNameChars: 4_096,
  /** Bytes, packed, that one step of a thread stores: it is one transaction. */
  threadStepBytes: 134_217_728,
  /** Nesting of a thread's state. */
  threadDepth: 256,
  /** Checkpoints read with one call where many are gone through. */
  threadPage: 64,
  /** Threads one search looks through. */
  threadsSearched: 1_000,
} as const;
