import { z } from "zod";

import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import { commitBodySchema, positionSchema, samePosition, type Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import type { CubeRef } from "../../memory/index.ts";
import type { BlobStore, Clock, Vault } from "../../ports/index.ts";
import { CubeIndex } from "./index/index.ts";
import type { LoadedIndex } from "./loaded-index.ts";
import { pause } from "./pause.ts";

const MARK = "index";
const LEASE = "index";
/** Longer than writing the largest index takes. */
const LEASE_MS = 10_000;
/** How often a held lease is looked at while an erasure waits for it. */
const LOOK_MS = 25;
/** Saves given up after so many erasures that came in between. */
const SAVE_ATTEMPTS = 3;

const markSchema = z.strictObject({
  /** Left out while there is none, or only garbage. */
  blob: z.string().optional(),
  position: positionSchema.optional(),
  /** Embedding model of its vectors; "" without. */
  model: z.string().optional(),
  /** Blobs that may be in the store and are to be deleted: noted before they are written. */
  garbage: z.array(z.string()).default([]),
});
type Mark = z.infer<typeof markSchema>;

/**
 * The index of a cube as a blob, with a pointer in the vault.
 *
 * INVARIANT: a blob that may hold words of the cube is named by the pointer before it is stored and
 * until it is deleted, so that whatever crashes, the next erasure finds it. A save announces itself,
 * then looks for erasures, then stores; an erasure is committed, then looks for saves. One of the two
 * sees the other.
 */
export class PersistedIndex {
  readonly #vault: Vault;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #model: string;
  readonly #process: string;
  #acts = 0;

  constructor(
    storage: { readonly vault: Vault; readonly blobs: BlobStore },
    options: {
      readonly clock: Clock;
      readonly model: string | undefined;
      /** Name of this process among those that hold leases. */
      readonly process: string;
    },
  ) {
    this.#vault = storage.vault;
    this.#blobs = storage.blobs;
    this.#clock = options.clock;
    this.#model = options.model ?? "";
    this.#process = options.process;
  }

  async exists(ref: CubeRef): Promise<boolean> {
    return (await this.#mark(ref))?.blob !== undefined;
  }

  /** The index as it was saved; `undefined` when there is none of this model or it is damaged. */
  async load(
    ref: CubeRef,
  ): Promise<{ readonly index: CubeIndex; readonly position: Position } | undefined> {
    const started = performance.now();
    const mark = await this.#mark(ref);
    if (mark?.blob === undefined || mark.position === undefined || mark.model !== this.#model) {
      return undefined;
    }
    try {
      // Its sections have checksums of their own.
      const bytes = await this.#blobs.get(ref.tenantId, mark.blob, { unverified: true });
      if (bytes === undefined) return undefined;
      const index = CubeIndex.deserialize(bytes);
      const ms = performance.now() - started;
      emit("memcube:index", { ...ref, how: "loaded", rows: index.count, ms });
      return { index, position: mark.position };
    } catch (error) {
      // A damaged index is only a cache: it is built anew from the memories.
      emit("memcube:error", { where: "index.load", error });
      return undefined;
    }
  }

  /**
   * Saves an index as it is at the newest position.
   *
   * @param newest brings the index up to date; called again when an erasure came in between
   * @returns false when another save of the cube is under way, or erasures kept coming
   */
  async save(ref: CubeRef, newest: () => Promise<LoadedIndex>): Promise<boolean> {
    const holder = this.#holder();
    if (!(await this.#take(ref, holder))) return false;
    try {
      for (let attempt = 1; attempt <= SAVE_ATTEMPTS; attempt++) {
        const loaded = await newest();
        const { position } = loaded;
        const bytes = loaded.index.serialize();
        loaded.unsaved = 0;
        const blob = await sha256(bytes);
        const before = await this.#mark(ref);
        if (this.#isSaved(before, position)) return true;
        const garbage = [...(before?.garbage ?? []), ...(before?.blob === blob ? [] : [blob])];
        await this.#setMark(ref, { ...before, garbage });
        if (await this.#erasedSince(ref, position)) continue;
        await this.#store(ref, { bytes, blob, position, before });
        return true;
      }
      return false;
    } finally {
      await this.#giveBack(ref, holder);
    }
  }

  /** Deletes the saved index and every blob of it that a crash left behind. Whether any was. */
  async drop(ref: CubeRef): Promise<boolean> {
    if ((await this.#mark(ref)) === undefined) return false;
    const holder = this.#holder();
    const looks = Math.ceil(LEASE_MS / LOOK_MS);
    // Whoever holds it longer than the lease is gone, or will see the erasure.
    for (let look = 0; look < looks && !(await this.#take(ref, holder)); look++) {
      await pause(LOOK_MS);
    }
    try {
      const mark = await this.#mark(ref);
      if (mark === undefined) return false;
      const garbage = mark.blob === undefined ? mark.garbage : [mark.blob, ...mark.garbage];
      await this.#sweep(ref, { garbage });
      return true;
    } finally {
      await this.#giveBack(ref, holder);
    }
  }

  async #store(
    ref: CubeRef,
    {
      bytes,
      blob,
      position,
      before,
    }: { bytes: Uint8Array; blob: string; position: Position; before: Mark | undefined },
  ): Promise<void> {
    const old = before?.blob === undefined ? [] : [before.blob];
    const garbage = [...(before?.garbage ?? []), ...old].filter((hash) => hash !== blob);
    try {
      await this.#blobs.put(ref.tenantId, bytes);
      await this.#sweep(ref, { blob, position, model: this.#model, garbage });
    } catch (error) {
      // A cube that was deleted meanwhile has no pointer that would name the blob.
      if (isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) {
        await this.#blobs.delete(ref.tenantId, blob);
      }
      throw error;
    }
  }

  /** Sets the pointer, deletes what it calls garbage, and sets it without. */
  async #sweep(ref: CubeRef, mark: Mark): Promise<void> {
    await this.#setMark(ref, mark);
    if (mark.garbage.length === 0 && mark.blob !== undefined) return;
    const kept: string[] = [];
    let failure: unknown;
    for (const hash of mark.garbage) {
      try {
        await this.#blobs.delete(ref.tenantId, hash);
      } catch (error) {
        kept.push(hash);
        failure = error;
      }
    }
    await this.#setMark(ref, { ...mark, garbage: kept });
    if (kept.length > 0) throw failure;
  }

  /** Another process may have been faster. */
  #isSaved(mark: Mark | undefined, { epoch, seq }: Position): boolean {
    if (mark?.blob === undefined || mark.model !== this.#model) return false;
    return mark.position?.epoch === epoch && mark.position.seq >= seq;
  }

  /** Whether a memory was erased after `position`, or nothing can be said of it. */
  async #erasedSince(ref: CubeRef, position: Position): Promise<boolean> {
    const now = await this.#vault.position(ref);
    if (now === undefined || now.epoch !== position.epoch) return true;
    if (samePosition(now, position)) return false;
    const query = { afterSeq: position.seq, limit: LIMITS.pageRows };
    const entries = await this.#vault.log(ref, query);
    if (entries[0]?.seq !== position.seq + 1 || entries.length === LIMITS.pageRows) return true;
    return entries.some(({ body }) => {
      const { changes } = commitBodySchema.parse(JSON.parse(body));
      return changes.some(({ op }) => op === "erase");
    });
  }

  async #mark(ref: CubeRef): Promise<Mark | undefined> {
    const text = await this.#vault.mark(ref, MARK);
    if (text === undefined) return undefined;
    try {
      return markSchema.parse(JSON.parse(text));
    } catch (error) {
      emit("memcube:error", { where: "index.mark", error });
      return { garbage: [] };
    }
  }

  async #setMark(ref: CubeRef, mark: Mark): Promise<void> {
    const none = mark.blob === undefined && mark.garbage.length === 0;
    await this.#vault.setMark(ref, MARK, none ? undefined : JSON.stringify(mark));
  }

  /** A save and an erasure of one process exclude each other, too. */
  #holder(): string {
    return `${this.#process}:${++this.#acts}`;
  }

  async #take(ref: CubeRef, holder: string): Promise<boolean> {
    const now = this.#clock.now();
    return await this.#vault.lease(ref, { name: LEASE, holder, now, until: now + LEASE_MS });
  }

  async #giveBack(ref: CubeRef, holder: string): Promise<void> {
    const now = this.#clock.now();
    try {
      await this.#vault.lease(ref, { name: LEASE, holder, now, until: now });
    } catch (error) {
      // It lapses by itself; a cube that was deleted has none.
      if (!isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) {
        emit("memcube:error", { where: "index.lease", error });
      }
    }
  }
}

/** Name that a blob store gives the bytes; off this thread, since an index may be large. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString("hex");
}
