import type { Checkpoint, ThreadRef } from "../../../ports/index.ts";
import type { ApiContext } from "../context.ts";
import { ChunkCache } from "./chunk-cache.ts";
import type { CheckpointRecord } from "./checkpoint-record.ts";

/** Hashes remembered in all: some ten megabytes. */
const HASHES = 100_000;

/** Checkpoints that are remembered: a step needs the values of its parent. */
const CHECKPOINTS = 256;

/** A checkpoint as it is stored, and what that says. */
interface KnownCheckpoint {
  readonly stored: Checkpoint;
  readonly record: CheckpointRecord;
}

/**
 * What this process knows of threads, so that a put sends only what is new and need not read its
 * parent. It may be wrong where another process deleted something: then the storage refuses the put,
 * and it is made again knowing nothing.
 */
export class ThreadCache {
  readonly chunks = new ChunkCache();
  readonly #known = new Map<string, Set<string>>();
  readonly #checkpoints = new Map<string, KnownCheckpoint>();
  #hashes = 0;

  /** Hashes of chunks that the thread has. */
  known(ref: ThreadRef): ReadonlySet<string> {
    return this.#known.get(keyOf(ref)) ?? NOTHING;
  }

  learn(ref: ThreadRef, hashes: Iterable<string>): void {
    const key = keyOf(ref);
    const known = this.#known.get(key) ?? new Set();
    this.#known.delete(key);
    this.#known.set(key, known);
    const before = known.size;
    for (const hash of hashes) known.add(hash);
    this.#hashes += known.size - before;
    // The least used first; at last this one, when it is too large alone.
    for (const [other, { size }] of this.#known) {
      if (this.#hashes <= HASHES) return;
      this.#known.delete(other);
      this.#hashes -= size;
    }
  }

  /** What a checkpoint says, as it was put or read last. */
  record(ref: ThreadRef, namespace: string, id: string): CheckpointRecord | undefined {
    return this.#checkpoints.get(checkpointKey(ref, namespace, id))?.record;
  }

  /** What a stored checkpoint says, if it is the very one that is known. */
  recordOf(ref: ThreadRef, stored: Checkpoint): CheckpointRecord | undefined {
    const known = this.#checkpoints.get(checkpointKey(ref, stored.namespace, stored.id));
    return known !== undefined && isSame(known.stored, stored) ? known.record : undefined;
  }

  learnRecord(ref: ThreadRef, stored: Checkpoint, record: CheckpointRecord): void {
    const key = checkpointKey(ref, stored.namespace, stored.id);
    this.#checkpoints.delete(key);
    this.#checkpoints.set(key, { stored, record });
    for (const oldest of this.#checkpoints.keys()) {
      if (this.#checkpoints.size <= CHECKPOINTS) return;
      this.#checkpoints.delete(oldest);
    }
  }

  forget(ref: ThreadRef): void {
    const key = keyOf(ref);
    this.#hashes -= this.#known.get(key)?.size ?? 0;
    this.#known.delete(key);
    for (const other of this.#checkpoints.keys()) {
      if (other.startsWith(key)) this.#checkpoints.delete(other);
    }
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function isSame(a: Checkpoint, b: Checkpoint): boolean {
  return (
    a.chunks.length === b.chunks.length &&
    Buffer.compare(a.value, b.value) === 0 &&
    a.chunks.every((hash, at) => hash === b.chunks[at])
  );
}

const caches = new WeakMap<ApiContext, ThreadCache>();

/** The cache of a memory OS. */
export function threadCacheOf(context: ApiContext): ThreadCache {
  let cache = caches.get(context);
  if (cache === undefined) {
    cache = new ThreadCache();
    caches.set(context, cache);
  }
  return cache;
}

const keys = new WeakMap<ThreadRef, string>();

/** A key of a thread, which no other one's begins with. */
function keyOf(ref: ThreadRef): string {
  let key = keys.get(ref);
  if (key === undefined) {
    key = JSON.stringify([ref.tenantId, ref.owner, ref.threadId]);
    keys.set(ref, key);
  }
  return key;
}

function checkpointKey(ref: ThreadRef, namespace: string, id: string): string {
  return `${keyOf(ref)}${namespace.length}:${namespace}${id}`;
}
