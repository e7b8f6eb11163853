import type { KvState } from "@memcube/core";
import { join, resolve } from "node:path";
import { z } from "zod";

import { Claims } from "./claims.ts";
import { collect, type Collected } from "./collect.ts";
import { HotPages } from "./hot-pages.ts";
import { exportChain, importChain, type KvImported, type StateTarget } from "./carry-state.ts";
import {
  type PageProblem,
  prefixesOf,
  problemsIn,
  type StoredPrefix,
  type VerifyPagesOptions,
} from "./inspect.ts";
import { type KvStoreOptions, optionsSchema, type ParsedKvStoreOptions } from "./kv-options.ts";
import type { Link } from "./link.ts";
import { mayHoldTenant } from "./scope-of-tenant.ts";
import { ScopeStore, scopesIn } from "./scope-store.ts";
import { scratchFolders, ScratchPool } from "./scratch.ts";
import { SequenceFiller } from "./sequence-filler.ts";
import type { KvFilled, KvRequest, KvRestored, KvSaved, KvSequence, KvStore } from "./types.ts";
import { readUses, UseLog } from "./uses.ts";

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
  readonly #hot: HotPages;
  readonly #scratch: ScratchPool;
  readonly #filler: SequenceFiller;
  readonly #uses = new UseLog();
  readonly #scopes = new Map<string, Promise<ScopeStore>>();
  readonly #running = new Set<Promise<unknown>>();
  /** Bytes written since the folder was looked at; at first it never was. */
  #unseenBytes = Infinity;
  #closed = false;

  constructor(options: ParsedKvStoreOptions, folders: readonly string[]) {
    this.#options = options;
    this.#scratch = new ScratchPool(folders);
    this.#hot = new HotPages(options.hotBytes);
    this.directory = resolve(options.directory);
    this.#filler = new SequenceFiller({
      claims: new Claims(),
      uses: this.#uses,
      scratch: this.#scratch,
      folders,
      scope: async (name) => await this.#scope(name),
      now: () => this.#now(),
      run: async (work) => await this.#run(work()),
      onStored: async (bytes) => await this.#onStored(bytes),
    });
  }

  async fill(sequence: KvSequence, request: KvRequest): Promise<KvFilled> {
    return await this.#filler.fill(sequence, request);
  }

  async restore(sequence: KvSequence, request: KvRequest): Promise<KvRestored> {
    return await this.#filler.restore(sequence, request);
  }

  async save(
    sequence: KvSequence,
    request: KvRequest,
  ): Promise<{ readonly done: Promise<KvSaved> }> {
    return await this.#filler.save(sequence, request);
  }

  async #onStored(bytes: number): Promise<void> {
    this.#unseenBytes += bytes;
    if (this.#unseenBytes < this.#options.diskBytes * LOOK_AGAIN) return;
    this.#unseenBytes = 0;
    await this.collect();
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
  async verify(options: VerifyPagesOptions = {}): Promise<{
    readonly pages: number;
    readonly problems: readonly PageProblem[];
  }> {
    const found: (readonly [ScopeStore, readonly Link[]])[] = [];
    for (const scope of await this.#openScopes()) found.push([scope, await scope.links()]);
    const pages = found.reduce((sum, [, links]) => sum + links.length, 0);
    const problems: PageProblem[] = [];
    let done = 0;
    const onPage = () => options.onProgress?.((done += 1), pages);
    for (const [scope, links] of found) {
      problems.push(...(await problemsIn(scope, links, { ...options, onPage })));
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
   * or that any part of the target's identity differs from; `reason` and `detail` say which.
   */
  async importState(scope: string, state: KvState, target: StateTarget): Promise<KvImported> {
    const store = await this.#scope(scope);
    if (store === undefined) return { importedTokens: 0, reason: "store-closed" };
    return await importChain(store, state, { target, now: this.#now() });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running);
    await this.#uses.flush();
    await this.#scratch.close();
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
