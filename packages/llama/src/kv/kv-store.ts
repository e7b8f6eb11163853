import type { KvState } from "@memcube/core";
import { join, resolve } from "node:path";
import { z } from "zod";

import { Claims } from "./claims.ts";
import { collect, type Collected } from "./collect.ts";
import { findChain } from "./find-chain.ts";
import { HotPages } from "./hot-pages.ts";
import { exportChain, importChain, type KvImported } from "./carry-state.ts";
import { type PageProblem, prefixesOf, problemsIn, type StoredPrefix } from "./inspect.ts";
import { type KvStoreOptions, optionsSchema, type ParsedKvStoreOptions } from "./kv-options.ts";
import { ownerOf, rootKey, type StateOwner, type WantedPage, wantedPages } from "./page-keys.ts";
import { loadChain, loadPages } from "./restore-pages.ts";
import { storePages, takePages } from "./save-pages.ts";
import { mayHoldTenant } from "./scope-of-tenant.ts";
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

/** Cost of a page whose computing was not measured: a middling processor, a small model. */
const UNMEASURED_MS = 1_000;
/** The folder is looked at again when so much of the budget was written since. */
const LOOK_AGAIN = 0.05;

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
  readonly #options: ParsedKvStoreOptions;
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

  constructor(options: ParsedKvStoreOptions, folders: readonly string[]) {
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
      const key = wanted.at(-1)?.key;
      const named = key === undefined ? {} : { key };
      const result = { ...restored, keptTokens, prefilledTokens: missing.length, ...named };
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
      const from = (await findChain(scope, wanted)).links.length;
      if (from === wanted.length) return { done: Promise.resolve({ writtenTokens: 0 }) };
      const pages = await takePages(sequence, wanted, from, this.#folders);
      if (typeof pages === "string") return unsaved(pages);
      const about = { owner: ownerOf(sequence.identity), costMs, now: this.#now() };
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

  /** Other processes forget what they have in RAM when they are next asked. */
  async forgetTenant(tenantId: string): Promise<void> {
    for (const scope of await scopesIn(this.directory)) {
      if (!mayHoldTenant(scope, tenantId)) continue;
      const store = await this.#scope(scope);
      await store?.drop();
      this.#scopes.delete(scope);
    }
  }

  /**
   * The state of a key (`KvFilled.key`, `EngineUsage.stateKey`), its pages verified: what a cube keeps as an
   * activation memory. `undefined` when it is not stored, or not sound.
   */
  async exportState(scope: string, key: string): Promise<KvState | undefined> {
    const store = await this.#scope(scope);
    return store === undefined ? undefined : await exportChain(store, key);
  }

  /**
   * Takes in a state that a cube kept, for prompts of this scope. Nothing is taken of a state that is not sound
   * or that belongs to another model, engine or LoRA set than `owner` names.
   */
  async importState(
    scope: string,
    state: KvState,
    owner: Partial<StateOwner> = {},
  ): Promise<KvImported> {
    const store = await this.#scope(scope);
    if (store === undefined) return { importedTokens: 0, reason: "store-closed" };
    return await importChain(store, state, { owner, now: this.#now() });
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
  return wantedPages(rootKey(ownerOf(identity), scope.salt), tokens);
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
