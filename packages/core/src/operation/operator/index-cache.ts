import { z } from "zod";

import { emit } from "../../events.ts";
import { positionSchema, type Position } from "../../flow/index.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, Vault } from "../../ports/index.ts";
import { CubeIndex } from "./index/index.ts";
import { type IndexChange, LoadedIndex } from "./loaded-index.ts";

/** Below so many memories an index is built faster than a persisted one is worth keeping. */
const PERSIST_ROWS = 500;
/** A persisted index is renewed when this share of its rows has changed. */
const PERSIST_SHARE = 0.1;
const PERSIST_DELAY_MS = 2_000;
/** How long a commit that was told out of order is waited for before the log is read. */
const FOLLOW_DELAY_MS = 100;
/** Commits told out of order that are kept: those of one burst. */
const EARLY_KEPT = 64;

const markSchema = z.strictObject({
  blob: z.string(),
  position: positionSchema,
  /** Embedding model of its vectors; "" without. */
  model: z.string(),
});

interface Slot {
  readonly ref: CubeRef;
  /** Commits of this process that came before their predecessor, by sequence number. */
  readonly early: Map<number, { readonly position: Position; readonly change: IndexChange }>;
  /** The newest position known, while the index is not there yet. */
  behind?: Position;
  followTimer?: NodeJS.Timeout;
  loaded?: LoadedIndex;
  /** Loading or catching up, one at a time. */
  work?: Promise<LoadedIndex>;
  saving?: Promise<void>;
  saveTimer?: NodeJS.Timeout;
}

/**
 * The paper's "local index cache": indexes of the cubes used last, within a byte budget. Each is
 * fed by its cube's log, and persisted as a blob at a position so that a new process starts from it.
 */
export class IndexCache {
  readonly #vault: Vault;
  readonly #blobs: BlobStore;
  readonly #budgetBytes: number;
  readonly #model: string | undefined;
  /** Least recently used first. */
  readonly #slots = new Map<string, Slot>();

  constructor(
    storage: { readonly vault: Vault; readonly blobs: BlobStore },
    options: { readonly budgetBytes: number; readonly model: string | undefined },
  ) {
    this.#vault = storage.vault;
    this.#blobs = storage.blobs;
    this.#budgetBytes = options.budgetBytes;
    this.#model = options.model;
  }

  /** Heap bytes of all loaded indexes. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const { loaded } of this.#slots.values()) bytes += loaded?.index.sizeBytes ?? 0;
    return bytes;
  }

  /** The index of a cube at `position` or later. */
  async at(ref: CubeRef, position: Position): Promise<LoadedIndex> {
    const slot = this.#use(ref);
    for (;;) {
      if (slot.loaded?.covers(position) === true) return slot.loaded;
      slot.work ??= this.#advance(slot, position).finally(() => {
        slot.work = undefined;
      });
      await slot.work;
      this.#evict(slot);
    }
  }

  /** Whether a search would be answered from the heap or a persisted index, without a full build. */
  async isWarm(ref: CubeRef): Promise<boolean> {
    if (this.#slots.get(cubeKey(ref))?.loaded !== undefined) return true;
    return (await this.#mark(ref)) !== undefined;
  }

  /**
   * Takes in a commit that this process just made. A cube that was created by it gets its index at
   * once, so that a fresh cube is searchable without reading it back. Commits are acknowledged in
   * order but may be told out of it: one that comes early waits for those before it.
   */
  feed(ref: CubeRef, position: Position, change: IndexChange): void {
    if (position.seq === 1) {
      this.#use(ref).loaded = new LoadedIndex(ref, new CubeIndex(), position, this.#model);
      return;
    }
    const slot = this.#slots.get(cubeKey(ref));
    if (slot?.loaded === undefined) return;
    slot.early.set(position.seq, { position, change });
    try {
      if (slot.work === undefined) this.#takeEarly(slot, slot.loaded);
    } catch (error) {
      // The commit stands whatever becomes of its cache: the next search builds the index anew.
      emit("memcube:error", { where: "index.feed", error });
      this.#slots.delete(cubeKey(ref));
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
    const mark = await this.#mark(ref);
    if (mark === undefined) return;
    await this.#vault.setMark(ref, "index", undefined);
    await this.#blobs.delete(ref.tenantId, mark.blob);
    if (slot?.loaded !== undefined) slot.loaded.unsaved = slot.loaded.index.count;
  }

  /** Lets go of a cube's index. */
  async release(ref: CubeRef): Promise<void> {
    const key = cubeKey(ref);
    const slot = this.#slots.get(key);
    this.#slots.delete(key);
    if (slot !== undefined) await this.#settle(slot);
  }

  /** Persists what is worth it and lets go of everything. */
  async close(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    for (const slot of slots) await this.#settle(slot);
  }

  #use(ref: CubeRef): Slot {
    const key = cubeKey(ref);
    const slot: Slot = this.#slots.get(key) ?? { ref, early: new Map() };
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
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
    slot.behind = slot.loaded?.covers(position) === true ? undefined : position;
    if (slot.behind === undefined || slot.followTimer !== undefined) return;
    slot.followTimer = setTimeout(() => {
      slot.followTimer = undefined;
      void this.#follow(slot);
    }, FOLLOW_DELAY_MS);
    slot.followTimer.unref();
  }

  async #follow(slot: Slot): Promise<void> {
    const { behind, loaded } = slot;
    if (behind === undefined || loaded === undefined || loaded.covers(behind)) return;
    try {
      await this.at(slot.ref, behind);
    } catch (error) {
      emit("memcube:error", { where: "index.follow", error });
    }
  }

  async #advance(slot: Slot, position: Position): Promise<LoadedIndex> {
    const started = performance.now();
    const { ref } = slot;
    const known = slot.loaded ?? (await this.#load(ref));
    if (known !== undefined && (await known.catchUp(this.#vault, position))) {
      slot.loaded = known;
      const ms = performance.now() - started;
      emit("memcube:index", { ...ref, how: "caught-up", rows: known.index.count, ms });
    } else {
      if (known !== undefined) {
        emit("memcube:index", { ...ref, how: "rebuilt", rows: known.index.count, ms: 0 });
      }
      slot.loaded = await LoadedIndex.build(this.#vault, ref, position, this.#model);
      slot.loaded.unsaved = slot.loaded.index.count;
      await slot.loaded.catchUp(this.#vault, position);
    }
    this.#takeEarly(slot, slot.loaded);
    this.#saveSoon(slot);
    return slot.loaded;
  }

  async #load(ref: CubeRef): Promise<LoadedIndex | undefined> {
    const started = performance.now();
    const mark = await this.#mark(ref);
    if (mark === undefined || mark.model !== (this.#model ?? "")) return undefined;
    try {
      const bytes = await this.#blobs.get(ref.tenantId, mark.blob);
      if (bytes === undefined) return undefined;
      const index = CubeIndex.deserialize(bytes);
      const ms = performance.now() - started;
      emit("memcube:index", { ...ref, how: "loaded", rows: index.count, ms });
      return new LoadedIndex(ref, index, mark.position, this.#model);
    } catch (error) {
      // A damaged index is only a cache: it is built anew from the memories.
      emit("memcube:error", { where: "index.load", error });
      return undefined;
    }
  }

  async #mark(ref: CubeRef): Promise<z.infer<typeof markSchema> | undefined> {
    const text = await this.#vault.mark(ref, "index");
    if (text === undefined) return undefined;
    const parsed = markSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  }

  #worthSaving({ loaded }: Slot): boolean {
    if (loaded === undefined || loaded.index.count < PERSIST_ROWS) return false;
    return loaded.unsaved >= loaded.index.count * PERSIST_SHARE;
  }

  #saveSoon(slot: Slot): void {
    if (slot.saveTimer !== undefined || slot.saving !== undefined || !this.#worthSaving(slot))
      return;
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

  async #persist({ ref, loaded }: Slot): Promise<void> {
    if (loaded === undefined) return;
    const { position } = loaded;
    const bytes = loaded.index.serialize();
    loaded.unsaved = 0;
    const before = await this.#mark(ref);
    const { hash } = await this.#blobs.put(ref.tenantId, bytes);
    const model = this.#model ?? "";
    const mark = { blob: hash, position, model };
    await this.#vault.setMark(ref, "index", JSON.stringify(mark));
    if (before !== undefined && before.blob !== hash) {
      await this.#blobs.delete(ref.tenantId, before.blob);
    }
  }

  async #settle(slot: Slot): Promise<void> {
    clearTimeout(slot.saveTimer);
    clearTimeout(slot.followTimer);
    await slot.work?.catch(() => undefined);
    await slot.saving;
    if (this.#worthSaving(slot)) await this.#save(slot);
  }

  /** Evicts the least recently used until the budget holds; the one in use stays. */
  #evict(current: Slot): void {
    let bytes = this.sizeBytes;
    for (const [key, slot] of this.#slots) {
      if (bytes <= this.#budgetBytes) return;
      if (slot === current || slot.loaded === undefined || slot.work !== undefined) continue;
      bytes -= slot.loaded.index.sizeBytes;
      const rows = slot.loaded.index.count;
      emit("memcube:index", { ...slot.ref, how: "evicted", rows, ms: 0 });
      this.#slots.delete(key);
      void this.#settle(slot);
    }
  }
}
