import type { BlobStore, Clock } from "@memcube/core";
import { join, resolve } from "node:path";
import { z } from "zod";

import { Claims } from "./claims.ts";
import { collect, type Collected } from "./collect.ts";
import { HotPages } from "./hot-pages.ts";
import { type PageProblem, prefixesOf, problemsIn, type StoredPrefix } from "./inspect.ts";
import { rootKey, type WantedPage, wantedPages } from "./page-keys.ts";
import { findChain, loadChain, loadPages } from "./restore-pages.ts";
import { storedPages, storePages, takePages } from "./save-pages.ts";
import { ScopeStore, scopesIn } from "./scope-store.ts";
import { scratchFolders, ScratchPool } from "./scratch.ts";
import {
  type KvFilled,
  type KvRequest,
  type KvRestored,
  type KvSaved,
  type KvSequence,
  type KvStore,
  type KvUnsaved,
  PAGE_TOKENS,
} from "./types.ts";
import { readUses, UseLog } from "./uses.ts";

const MIB = 1_048_576;
/** Cost of a page whose computing was not measured: a middling processor, a small model. */
const UNMEASURED_MS = 1_000;
/** The folder is looked at again when so much of the budget was written since. */
const LOOK_AGAIN = 0.05;

/** Options of {@link openKvStore}. */
export interface KvStoreOptions {
  /** Where states lie; made when missing, for this user only. Processes may share it. */
  readonly directory: string;
  /** Bytes of pages in the directory. @default 10737418240 (10 GiB) */
  readonly diskBytes?: number;
  /** Bytes of verified pages kept in RAM by this process. @default 268435456 (256 MiB) */
  readonly hotBytes?: number;
  /** Keeps pages there instead of in the directory: an object store, Redis. Links stay in it. */
  readonly blobs?: BlobStore;
  /** Compresses pages at rest with zstd; states of real models shrink little. @default false */
  readonly compress?: boolean;
  /** Keys are derived from it. @default a random salt per scope, beside its pages */
  readonly secret?: Uint8Array;
  /** Where states pass to llama.cpp through. @default /dev/shm, else the system's folder */
  readonly scratchDirectory?: string;
  /** @default the system's time */
  readonly clock?: Clock;
}

const optionsSchema = z.strictObject({
  directory: z.string().min(1),
  diskBytes: z
    .int()
    .min(0)
    .default(10_240 * MIB),
  hotBytes: z
    .int()
    .min(0)
    .default(256 * MIB),
  blobs: z.custom<BlobStore>().optional(),
  compress: z.boolean().default(false),
  secret: z.instanceof(Uint8Array).optional(),
  scratchDirectory: z.string().min(1).optional(),
  clock: z.custom<Clock>().default({ now: () => Date.now() }),
});
type Options = z.output<typeof optionsSchema>;

/**
 * Opens a store of KV states on a directory.
 *
 * @throws TypeError for bad options
 */
export async function openKvStore(options: KvStoreOptions): Promise<DirectoryKvStore> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  return new DirectoryKvStore(parsed.data, await scratchFolders(options.scratchDirectory));
}

/** KV states as pages of files; see `docs/decisions` for format, keys and eviction. */
export class DirectoryKvStore implements KvStore {
  readonly directory: string;
  readonly #options: Options;
  readonly #folders: readonly string[];
  readonly #hot: HotPages;
  readonly #scratch: ScratchPool;
  readonly #claims = new Claims();
  readonly #uses = new UseLog();
  readonly #scopes = new Map<string, Promise<ScopeStore>>();
  readonly #running = new Set<Promise<unknown>>();
  /** Bytes written since the folder was looked at; at first it never was. */
  #unseenBytes = Infinity;
  #closed = false;

  constructor(options: Options, folders: readonly string[]) {
    this.#options = options;
    this.#folders = folders;
    this.#scratch = new ScratchPool(folders);
    this.#hot = new HotPages(options.hotBytes);
    this.directory = resolve(options.directory);
  }

  async fill(sequence: KvSequence, request: KvRequest): Promise<KvFilled> {
    const { signal } = request;
    const wanted = await this.#wanted(sequence, request);
    const count = wholePages(request.tokens);
    for (;;) {
      signal?.throwIfAborted();
      const restored = await this.restore(sequence, request);
      const kept = ownPages(sequence, request.tokens);
      await trim(sequence, kept * PAGE_TOKENS);
      const next = wanted[kept];
      const pending = next === undefined ? undefined : this.#claims.pending(next.key);
      if (pending !== undefined) {
        await orAborted(pending, signal);
        continue;
      }
      const keptTokens = kept * PAGE_TOKENS - restored.restoredTokens;
      const missing = request.tokens.slice(kept * PAGE_TOKENS, count * PAGE_TOKENS);
      const result = { ...restored, keptTokens, prefilledTokens: missing.length };
      if (missing.length === 0) return { ...result, saved: Promise.resolve({ writtenTokens: 0 }) };
      const release = this.#claims.take(wanted.slice(kept).map(({ key }) => key));
      try {
        const started = performance.now();
        await sequence.prefill(missing, signal === undefined ? {} : { signal });
        const costMs = (performance.now() - started) / (count - kept);
        const { done } = await this.#save(sequence, request, costMs);
        void done.finally(release);
        return { ...result, saved: done };
      } catch (error) {
        release();
        throw error;
      }
    }
  }

  async restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored> {
    request.signal?.throwIfAborted();
    try {
      return await this.#restore(sequence, request);
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      return { restoredTokens: 0, reason: "storage-failed" };
    }
  }

  async #restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored> {
    const scope = await this.#scope(request.scope);
    if (scope === undefined) return { restoredTokens: 0, reason: "store-closed" };
    const wanted = wantedIn(scope, sequence, request);
    const own = ownPages(sequence, request.tokens);
    if (wanted.length <= own) return { restoredTokens: 0 };
    const chain = await findChain(scope, wanted);
    const fitting = Math.floor(sequence.shape.capacityTokens / PAGE_TOKENS);
    const links = chain.links.slice(0, fitting);
    const short = links.length < chain.links.length ? "context-too-small" : chain.reason;
    if (links.length <= own) return miss(own, short);
    const { pages, reason = short } = await loadChain(scope, wanted, links, sequence.shape);
    request.signal?.throwIfAborted();
    if (pages.length <= own) return miss(own, reason);
    const failure = await loadPages(sequence, pages, this.#scratch);
    if (failure !== undefined) return { restoredTokens: 0, reason: failure };
    const last = links[pages.length - 1];
    if (last !== undefined) this.#uses.add(scope.folder, { key: last.key, at: this.#now() });
    const restoredTokens = pages.length * PAGE_TOKENS;
    return { restoredTokens, ...(reason === undefined ? {} : { reason }) };
  }

  async save(sequence: KvSequence, request: KvRequest) {
    return await this.#save(sequence, request, UNMEASURED_MS);
  }

  async #save(
    sequence: KvSequence,
    request: KvRequest,
    costMs: number,
  ): Promise<{ readonly done: Promise<KvSaved> }> {
    const unsaved = (reason: KvUnsaved) => ({
      done: Promise.resolve({ writtenTokens: 0, reason }),
    });
    try {
      const scope = await this.#scope(request.scope);
      if (scope === undefined) return unsaved("store-closed");
      const wanted = wantedIn(scope, sequence, request);
      if (sequence.exactTokens() < wanted.length * PAGE_TOKENS) return unsaved("not-exact");
      const from = await storedPages(scope, wanted);
      if (from === wanted.length) return { done: Promise.resolve({ writtenTokens: 0 }) };
      const pages = await takePages(sequence, wanted, from, this.#folders);
      if (typeof pages === "string") return unsaved(pages);
      const model = sequence.identity.modelSha256;
      const about = { model, costMs, now: this.#now() };
      const pairs = pages.flatMap((page, at) => {
        const place = wanted[from + at];
        return place === undefined ? [] : [[place, page] as const];
      });
      return { done: this.#run(this.#stored(scope, pairs, about)) };
    } catch {
      return unsaved("storage-failed");
    }
  }

  async #stored(...input: Parameters<typeof storePages>): Promise<KvSaved> {
    try {
      const { storedBytes, ...saved } = await storePages(...input);
      this.#unseenBytes += storedBytes;
      if (this.#unseenBytes >= this.#options.diskBytes * LOOK_AGAIN) {
        this.#unseenBytes = 0;
        await this.collect();
      }
      return saved;
    } catch {
      return { writtenTokens: 0, reason: "storage-failed" };
    }
  }

  /**
   * Brings the directory under its budget and removes leftovers. Runs by itself while pages are
   * stored; `undefined` while another process does it.
   */
  async collect(): Promise<Collected | undefined> {
    await this.#uses.flush();
    return await collect({
      directory: this.directory,
      scopes: await this.#openScopes(),
      budgetBytes: this.#options.diskBytes,
      now: this.#now(),
      ownsPages: this.#options.blobs === undefined,
    });
  }

  /** Every stored prefix, those used or made last first within a scope. */
  async list(): Promise<readonly StoredPrefix[]> {
    await this.#uses.flush();
    const found: StoredPrefix[] = [];
    for (const scope of await this.#openScopes()) {
      const uses = await readUses(scope.folder, join(this.directory, "new"));
      found.push(...prefixesOf(scope.scope, await scope.links(), uses));
    }
    return found;
  }

  /** Reads and checks every page; changes nothing. */
  async verify(options: { readonly signal?: AbortSignal } = {}): Promise<{
    readonly pages: number;
    readonly problems: readonly PageProblem[];
  }> {
    let pages = 0;
    const problems: PageProblem[] = [];
    for (const scope of await this.#openScopes()) {
      const links = await scope.links();
      pages += links.length;
      problems.push(...(await problemsIn(scope, links, options.signal)));
    }
    return { pages, problems };
  }

  /**
   * Destroys every page of a scope, here and in RAM: what was made from an erased memory is not told
   * apart from the rest. Other processes may hold sound pages in RAM until they evict them.
   */
  async dropScope(scope: string): Promise<void> {
    const store = await this.#scope(scope);
    await store?.drop();
    this.#scopes.delete(scope);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running);
    await this.#uses.flush();
    await this.#scratch.close();
  }

  /** None where the store can't be used: then nothing is shared, and all is prefilled. */
  async #wanted(sequence: KvSequence, request: KvRequest): Promise<readonly WantedPage[]> {
    try {
      const scope = await this.#scope(request.scope);
      return scope === undefined ? [] : wantedIn(scope, sequence, request);
    } catch {
      return [];
    }
  }

  /** Those of other processes too: the budget is the folder's. */
  async #openScopes(): Promise<ScopeStore[]> {
    const opened: ScopeStore[] = [];
    for (const name of await scopesIn(this.directory)) {
      const scope = await this.#scope(name);
      if (scope !== undefined) opened.push(scope);
    }
    return opened;
  }

  async #scope(scope: string): Promise<ScopeStore | undefined> {
    if (this.#closed) return undefined;
    const opening = this.#scopes.get(scope) ?? this.#open(scope);
    this.#scopes.set(scope, opening);
    try {
      const store = await opening;
      if (await store.isCurrent()) return store;
      store.forgetAll();
    } catch (error) {
      this.#scopes.delete(scope);
      throw error;
    }
    this.#scopes.delete(scope);
    const reopening = this.#open(scope);
    this.#scopes.set(scope, reopening);
    return await reopening;
  }

  async #open(scope: string): Promise<ScopeStore> {
    const { blobs, secret, compress } = this.#options;
    const { directory } = this;
    return await ScopeStore.open({ directory, scope, hot: this.#hot, blobs, secret, compress });
  }

  async #run<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  #now(): number {
    return Math.floor(this.#options.clock.now());
  }
}

function miss(own: number, reason: KvRestored["reason"]): KvRestored {
  return { restoredTokens: 0, ...(own > 0 || reason === undefined ? {} : { reason }) };
}

function wantedIn(
  scope: ScopeStore,
  { identity }: KvSequence,
  { tokens }: KvRequest,
): WantedPage[] {
  return wantedPages(rootKey(identity, scope.salt), tokens);
}

function wholePages(tokens: readonly number[]): number {
  return Math.floor(tokens.length / PAGE_TOKENS);
}

/** Whole pages at the start of the sequence that are those of the tokens and may be built upon. */
function ownPages(sequence: KvSequence, tokens: readonly number[]): number {
  const held = sequence.tokens();
  const most = Math.min(held.length, tokens.length, sequence.exactTokens());
  let same = 0;
  while (same < most && held[same] === tokens[same]) same += 1;
  return Math.floor(same / PAGE_TOKENS);
}

async function trim(sequence: KvSequence, length: number): Promise<void> {
  if (sequence.tokens().length > length) await sequence.truncate(length);
}

async function orAborted(waiting: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await waiting;
    return;
  }
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([waiting, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
