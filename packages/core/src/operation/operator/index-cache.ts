import { emit } from "../../events.ts";
import { MemCubeError } from "../../errors.ts";
import type { Position } from "../../flow/index.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, Clock, Vault } from "../../ports/index.ts";
import { CubeIndex } from "./index/index.ts";
import { type IndexChange, type IndexSurroundings, LoadedIndex } from "./loaded-index.ts";
import type { MemoryCache } from "./memory-cache.ts";
import { orAborted } from "./or-aborted.ts";
import { PersistedIndex } from "./persisted-index.ts";

/** Below so many memories an index is built faster than a persisted one is worth keeping. */
const PERSIST_ROWS = 500;
/** A persisted index is renewed when this share of its rows has changed. */
const PERSIST_SHARE = 0.1;
const PERSIST_DELAY_MS = 2_000;
/** How long a commit that was told out of order is waited for before the log is read. */
const FOLLOW_DELAY_MS = 100;
/** Commits told out of order that are kept: those of one burst. */
const EARLY_KEPT = 64;

interface Slot {
  readonly ref: CubeRef;
  /** Commits of this process that came before their predecessor, by sequence number. */
  readonly early: Map<number, { readonly position: Position; readonly change: IndexChange }>;
  /** What the slot has in the running total of bytes. */
  sizeBytes: number;
  /** Whether nobody but this process was found to have changed the cube when it was last asked for. */
  steady: boolean;
  /** No longer in the cache: it works for those who wait for it and then ends. */
  detached: boolean;
  /** The newest position known, while the index is not there yet. */
  behind?: Position;
  followTimer?: NodeJS.Timeout;
  loaded?: LoadedIndex;
  /** Loading or catching up, one at a time. */
  work?: Promise<void>;
  saving?: Promise<void>;
  saveTimer?: NodeJS.Timeout;
}

export interface IndexCacheOptions {
  readonly budgetBytes: number;
  /** Embedding model whose vectors are used. */
  readonly model: string | undefined;
  readonly clock: Clock;
  /** Name of this process among those that hold leases. */
  readonly process: string;
  /** Memories that were read with an index leave it when the log says that they changed. */
  readonly memories: MemoryCache;
  /** Told of memories that an index has no vector for, when it was built or loaded. */
  readonly unembedded?: (ref: CubeRef, ids: readonly string[]) => void;
}

/**
 * The paper's "local index cache": indexes of the cubes used last, within a byte budget. Each is
 * fed by its cube's log, and persisted as a blob at a position so that a new process starts from it.
 */
export class IndexCache {
  readonly #vault: Vault;
  readonly #persisted: PersistedIndex;
  readonly #options: IndexCacheOptions;
  /** Least recently used first. */
  readonly #slots = new Map<string, Slot>();
  /** Slots let go of that still persist. */
  readonly #settling = new Set<Promise<void>>();
  #sizeBytes = 0;
  #closed = false;

  constructor(
    storage: { readonly vault: Vault; readonly blobs: BlobStore },
    options: IndexCacheOptions,
  ) {
    this.#vault = storage.vault;
    this.#persisted = new PersistedIndex(storage, options);
    this.#options = options;
  }

  /** Heap bytes of all loaded indexes, as of the last use of each. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * The index of a cube at `position` or later.
   * @throws the reason of `signal`; the work goes on for whoever else needs the index
   */
  async at(ref: CubeRef, position: Position, signal?: AbortSignal): Promise<LoadedIndex> {
    const slot = this.#use(ref);
    slot.steady = slot.loaded?.isAt(position) === true;
    const loaded = await this.#reach(slot, position, signal);
    this.#evict(slot);
    return loaded;
  }

  /**
   * The index as it stands, where it is likely to be up to date: searches may go ahead with it and find out
   * meanwhile. `undefined` when another process has just changed the cube, so that those who write all the
   * time do not make each search rank twice.
   */
  steady(ref: CubeRef): LoadedIndex | undefined {
    const known = this.#slots.get(cubeKey(ref));
    return known?.steady === true ? this.#use(ref).loaded : undefined;
  }

  /** Whether a search would be answered from the heap or a persisted index, without a full build. */
  async isWarm(ref: CubeRef): Promise<boolean> {
    if (this.#slots.get(cubeKey(ref))?.loaded !== undefined) return true;
    return await this.#persisted.exists(ref);
  }

  /**
   * Takes in a commit that this process just made. A cube that was created by it gets its index at
   * once, so that a fresh cube is searchable without reading it back. Commits are acknowledged in
   * order but may be told out of it: one that comes early waits for those before it.
   */
  feed(ref: CubeRef, position: Position, change: IndexChange): void {
    if (position.seq === 1) {
      const fresh = this.#use(ref);
      fresh.early.clear();
      fresh.loaded = new LoadedIndex(ref, new CubeIndex(), position, this.#around(ref));
      this.#evict(fresh);
      return;
    }
    const slot = this.#slots.get(cubeKey(ref));
    if (slot?.loaded === undefined) return;
    try {
      // What is gone is gone at once, whatever has to be waited for.
      slot.loaded.remove(change.removed ?? []);
      if (change.partial !== true) slot.early.set(position.seq, { position, change });
      if (slot.work === undefined) this.#takeEarly(slot, slot.loaded);
    } catch (error) {
      // The commit stands whatever becomes of its cache: the next search builds the index anew.
      emit("memcube:error", { where: "index.feed", error });
      this.#detach(slot);
      return;
    }
    this.#followSoon(slot, position);
    this.#evict(slot);
    this.#saveSoon(slot);
  }

  /** Forgets the persisted index of a cube: it holds words of what was erased. */
  async dropPersisted(ref: CubeRef): Promise<void> {
    const slot = this.#slots.get(cubeKey(ref));
    await slot?.saving;
    const dropped = await this.#persisted.drop(ref);
    if (dropped && slot?.loaded !== undefined) slot.loaded.unsaved = slot.loaded.index.count;
  }

  /**
   * Lets go of a cube's index.
   * @param persist whether it is saved if it is worth it; not when the cube is deleted @default true
   */
  async release(ref: CubeRef, { persist = true } = {}): Promise<void> {
    const slot = this.#slots.get(cubeKey(ref));
    if (slot === undefined) return;
    this.#detach(slot);
    await this.#settle(slot, persist);
  }

  /** Persists what is worth it and lets go of everything. Builds under way end. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const slot of this.#slots.values()) {
      this.#detach(slot);
      await this.#settle(slot, true);
    }
    await Promise.all(this.#settling);
  }

  #use(ref: CubeRef): Slot {
    const key = cubeKey(ref);
    const known = this.#slots.get(key);
    const slot = known ?? { ref, early: new Map(), sizeBytes: 0, steady: false, detached: false };
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
  }

  #around({ tenantId, cubeId }: CubeRef): IndexSurroundings {
    const ref = { tenantId, cubeId };
    return {
      model: this.#options.model,
      changed: (id) => this.#options.memories.delete(ref, id),
      stopped: () => this.#closed,
    };
  }

  /** Loads or catches up until the index is at `position` or later. */
  async #reach(slot: Slot, position: Position, signal?: AbortSignal): Promise<LoadedIndex> {
    let current = false;
    for (;;) {
      const { loaded } = slot;
      // By number alone, "ahead" may be the end of a log that went back: then the log is read.
      if (loaded !== undefined && (current || loaded.isAt(position))) return loaded;
      const joined = slot.work !== undefined;
      slot.work ??= this.#advance(slot, position).finally(() => {
        slot.work = undefined;
      });
      await orAborted(slot.work, signal);
      // Work that began before this call may have read the log before it, too.
      current = !joined;
    }
  }

  #takeEarly(slot: Slot, loaded: LoadedIndex): void {
    for (;;) {
      const seq = loaded.position.seq + 1;
      const next = slot.early.get(seq);
      slot.early.delete(seq);
      if (next === undefined || !loaded.feed(next.position, next.change)) break;
    }
    // What is older was taken in by reading; of what never fits only so much is kept.
    for (const seq of slot.early.keys()) {
      if (seq <= loaded.position.seq || slot.early.size > EARLY_KEPT) slot.early.delete(seq);
    }
  }

  /** Reads the log in the background when feeding alone does not keep the index up to date. */
  #followSoon(slot: Slot, position: Position): void {
    slot.behind = slot.loaded?.reaches(position) === true ? undefined : position;
    if (slot.behind === undefined || slot.followTimer !== undefined || slot.detached) return;
    slot.followTimer = setTimeout(() => {
      slot.followTimer = undefined;
      void this.#follow(slot);
    }, FOLLOW_DELAY_MS);
    slot.followTimer.unref();
  }

  async #follow(slot: Slot): Promise<void> {
    const { behind, loaded } = slot;
    if (behind === undefined || loaded === undefined || loaded.reaches(behind)) return;
    try {
      await this.#reach(slot, behind);
      this.#evict(slot);
    } catch (error) {
      emit("memcube:error", { where: "index.follow", error });
    }
  }

  async #advance(slot: Slot, position: Position): Promise<void> {
    const started = performance.now();
    const { ref } = slot;
    let fresh = slot.loaded === undefined;
    const known = slot.loaded ?? (await this.#load(ref));
    if (known !== undefined && (await known.catchUp(this.#vault, position))) {
      slot.loaded = known;
      const ms = performance.now() - started;
      emit("memcube:index", { ...ref, how: "caught-up", rows: known.index.count, ms });
    } else {
      if (known !== undefined) {
        emit("memcube:index", { ...ref, how: "rebuilt", rows: known.index.count, ms: 0 });
      }
      // Rows are read as they are now, so the log is followed from before they were read.
      const from = (await this.#vault.position(ref)) ?? position;
      slot.loaded = await LoadedIndex.build(this.#vault, ref, from, this.#around(ref));
      slot.loaded.unsaved = slot.loaded.index.count;
      await slot.loaded.catchUp(this.#vault, position);
      fresh = true;
    }
    this.#takeEarly(slot, slot.loaded);
    const unembedded = slot.loaded.unembedded.splice(0);
    if (fresh && unembedded.length > 0) this.#options.unembedded?.(ref, unembedded);
    this.#saveSoon(slot);
  }

  async #load(ref: CubeRef): Promise<LoadedIndex | undefined> {
    const saved = await this.#persisted.load(ref);
    return saved && new LoadedIndex(ref, saved.index, saved.position, this.#around(ref));
  }

  #worthSaving({ loaded }: Slot): boolean {
    if (loaded === undefined || loaded.index.count < PERSIST_ROWS) return false;
    return loaded.unsaved >= loaded.index.count * PERSIST_SHARE;
  }

  #saveSoon(slot: Slot): void {
    if (slot.detached || slot.saveTimer !== undefined || slot.saving !== undefined) return;
    if (!this.#worthSaving(slot)) return;
    slot.saveTimer = setTimeout(() => {
      slot.saveTimer = undefined;
      void this.#save(slot);
    }, PERSIST_DELAY_MS);
    slot.saveTimer.unref();
  }

  async #save(slot: Slot): Promise<void> {
    slot.saving ??= this.#persist(slot)
      .catch((error: unknown) => emit("memcube:error", { where: "index.persist", error }))
      .finally(() => {
        slot.saving = undefined;
      });
    await slot.saving;
  }

  /** Saves the index as it is after the newest commit, whoever made it. */
  async #persist(slot: Slot): Promise<void> {
    const saved = await this.#persisted.save(slot.ref, async () => {
      const newest = await this.#vault.position(slot.ref);
      if (newest !== undefined) return await this.#reach(slot, newest);
      throw new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "The cube was deleted meanwhile.");
    });
    if (!saved && slot.loaded !== undefined) slot.loaded.unsaved = slot.loaded.index.count;
  }

  /** Takes a slot out of the cache. */
  #detach(slot: Slot): void {
    slot.detached = true;
    clearTimeout(slot.saveTimer);
    clearTimeout(slot.followTimer);
    const key = cubeKey(slot.ref);
    if (this.#slots.get(key) !== slot) return;
    this.#slots.delete(key);
    this.#sizeBytes -= slot.sizeBytes;
    slot.sizeBytes = 0;
  }

  async #settle(slot: Slot, persist: boolean): Promise<void> {
    await slot.work?.catch(() => undefined);
    await slot.saving;
    if (persist && this.#worthSaving(slot)) await this.#save(slot);
  }

  /** Keeps the running total: what one commit costs must not depend on how many cubes are open. */
  #weigh(slot: Slot): void {
    if (slot.detached) return;
    const bytes = slot.loaded?.index.sizeBytes ?? 0;
    this.#sizeBytes += bytes - slot.sizeBytes;
    slot.sizeBytes = bytes;
  }

  /** Evicts the least recently used until the budget holds; the one in use stays. */
  #evict(current: Slot): void {
    this.#weigh(current);
    if (this.#sizeBytes <= this.#options.budgetBytes) return;
    for (const slot of this.#slots.values()) {
      if (this.#sizeBytes <= this.#options.budgetBytes) return;
      if (slot === current || slot.work !== undefined) continue;
      this.#detach(slot);
      if (slot.loaded === undefined) continue;
      const rows = slot.loaded.index.count;
      emit("memcube:index", { ...slot.ref, how: "evicted", rows, ms: 0 });
      const settling = this.#settle(slot, true);
      this.#settling.add(settling);
      void settling.finally(() => this.#settling.delete(settling));
    }
  }
}
