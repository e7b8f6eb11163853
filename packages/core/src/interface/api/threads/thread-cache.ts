import type { ThreadRef } from "../../../ports/index.ts";
import type { ApiContext } from "../context.ts";
import { ChunkCache } from "./chunk-cache.ts";
import type { Entry } from "./checkpoint-record.ts";

/** Hashes remembered in all: some ten megabytes. */
const HASHES = 100_000;

/** Checkpoints whose entries are remembered: a step needs those of its parent. */
const CHECKPOINTS = 256;

/**
 * What this process knows of threads, so that a put sends only what is new and need not read its
 * parent. It may be wrong where another process deleted something: then the storage refuses the put,
 * and it is made again knowing nothing.
 */
export class ThreadCache {
  readonly chunks = new ChunkCache();
  readonly #known = new Map<string, Set<string>>();
  readonly #entries = new Map<string, ReadonlyMap<string, Entry>>();
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

  entries(ref: ThreadRef, namespace: string, id: string): ReadonlyMap<string, Entry> | undefined {
    return this.#entries.get(keyOf(ref, namespace, id));
  }

  learnEntries(
    ref: ThreadRef,
    place: { readonly namespace: string; readonly id: string },
    entries: ReadonlyMap<string, Entry>,
  ): void {
    const key = keyOf(ref, place.namespace, place.id);
    this.#entries.delete(key);
    this.#entries.set(key, entries);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= CHECKPOINTS) return;
      this.#entries.delete(oldest);
    }
  }

  forget(ref: ThreadRef): void {
    const key = keyOf(ref);
    this.#hashes -= this.#known.get(key)?.size ?? 0;
    this.#known.delete(key);
    const prefix = key.slice(0, -1);
    for (const other of this.#entries.keys()) {
      if (other.startsWith(prefix)) this.#entries.delete(other);
    }
  }
}

const NOTHING: ReadonlySet<string> = new Set();

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

function keyOf({ tenantId, owner, threadId }: ThreadRef, ...more: readonly string[]): string {
  return JSON.stringify([tenantId, owner, threadId, ...more]);
}
