import { emit } from "../../events.ts";
import { commitBodySchema, samePosition, type Position } from "../../flow/index.ts";
import { toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type CubeRef } from "../../memory/index.ts";
import type { StoredVersion, Vault } from "../../ports/index.ts";
import { CubeIndex, type IndexDocument } from "./index/index.ts";
import { toDocument } from "./to-document.ts";

const ACCESS = { system: "index" } as const;

/** What one commit changed in an index. */
export interface IndexChange {
  readonly documents?: readonly IndexDocument[];
  readonly removed?: readonly string[];
  readonly vectors?: readonly {
    readonly id: string;
    readonly version: number;
    readonly vector: Float32Array;
  }[];
}

/** A cube's index in the heap with the position it reflects. */
export class LoadedIndex {
  readonly ref: CubeRef;
  readonly index: CubeIndex;
  /** Changes since the index was last persisted. */
  unsaved = 0;
  #position: Position;
  readonly #model: string | undefined;

  constructor(ref: CubeRef, index: CubeIndex, position: Position, model: string | undefined) {
    this.ref = ref;
    this.index = index;
    this.#position = position;
    this.#model = model;
  }

  get position(): Position {
    return this.#position;
  }

  /** Builds the index from all live memories, in slices that let other work run. */
  static async build(
    vault: Vault,
    ref: CubeRef,
    position: Position,
    model: string | undefined,
  ): Promise<LoadedIndex> {
    const started = performance.now();
    const built = new LoadedIndex(ref, new CubeIndex(), position, model);
    let cursor: string | undefined;
    do {
      const query = {
        access: ACCESS,
        filter: { kinds: ["plaintext"], states: LIVE_STATES },
        order: "oldest",
        limit: Math.min(LIMITS.indexSliceRows, LIMITS.pageRows),
        vectors: true,
      } as const;
      const page = await vault.list(ref, cursor === undefined ? query : { ...query, cursor });
      for (const stored of page.items) built.#put(stored);
      cursor = page.cursor;
      await nextTurn();
    } while (cursor !== undefined);
    const rows = built.index.count;
    emit("memcube:index", { ...ref, how: "built", rows, ms: performance.now() - started });
    return built;
  }

  /** Whether the index reflects at least `wanted`, as far as can be told without reading. */
  covers(wanted: Position): boolean {
    const { epoch, seq } = this.#position;
    if (epoch !== wanted.epoch) return false;
    return seq === wanted.seq ? samePosition(this.#position, wanted) : seq > wanted.seq;
  }

  /**
   * Takes in what the log says happened since. False when the log no longer continues from this
   * position (it went back, or the commits in between left hot storage): then build anew.
   */
  async catchUp(vault: Vault, wanted: Position): Promise<boolean> {
    if (this.#position.epoch !== wanted.epoch || this.#position.seq > wanted.seq) return false;
    // The entry at our own position comes first: its head must be ours.
    let after = this.#position.seq - 1;
    let checked = false;
    for (;;) {
      const entries = await vault.log(this.ref, { afterSeq: after, limit: LIMITS.pageRows });
      const first = entries[0];
      if (!checked) {
        if (first?.seq !== this.#position.seq || first.head !== this.#position.head) return false;
        checked = true;
      }
      const fresh = entries.filter((entry) => entry.seq > this.#position.seq);
      const last = entries.at(-1);
      if (last === undefined || fresh.length === 0) return true;
      await this.#refresh(
        vault,
        fresh.map((entry) => entry.body),
      );
      this.#position = { epoch: this.#position.epoch, seq: last.seq, head: last.head };
      after = last.seq;
      if (entries.length < LIMITS.pageRows) return true;
    }
  }

  /** Takes in a commit of this process without reading; false when it does not directly follow. */
  feed(position: Position, change: IndexChange): boolean {
    const next = position.epoch === this.#position.epoch && position.seq === this.#position.seq + 1;
    if (!next) return false;
    const { documents = [], removed = [], vectors = [] } = change;
    for (const document of documents) this.index.upsert(document);
    for (const id of removed) this.index.remove(id);
    for (const { id, version, vector } of vectors) {
      // The memory has another version now: whether its text is the same, only the storage knows.
      if (!this.index.setVector(id, version, vector)) return false;
    }
    this.unsaved += documents.length + removed.length + vectors.length;
    this.#position = position;
    return true;
  }

  async #refresh(vault: Vault, bodies: readonly string[]): Promise<void> {
    const ids = new Set<string>();
    for (const body of bodies) {
      for (const { memoryId } of commitBodySchema.parse(JSON.parse(body)).changes) {
        if (memoryId !== undefined) ids.add(memoryId);
      }
    }
    const wanted = [...ids];
    for (let start = 0; start < wanted.length; start += LIMITS.pageRows) {
      const slice = wanted.slice(start, start + LIMITS.pageRows);
      const found = await vault.read(this.ref, { ids: slice, access: ACCESS, vectors: true });
      const missing = new Set(slice);
      for (const stored of found) {
        missing.delete(stored.id);
        this.#put(stored);
      }
      for (const id of missing) this.index.remove(id);
    }
    this.unsaved += wanted.length;
  }

  #put(stored: StoredVersion): void {
    const memory = toMemory(this.ref, stored);
    const { vector } = stored;
    const usable =
      vector?.model === this.#model && vector?.fingerprint === memory.header.fingerprint;
    const document = toDocument(memory, stored.visibility, usable ? vector?.values : undefined);
    if (document === undefined) this.index.remove(stored.id);
    else this.index.upsert(document);
  }
}

/** Lets timers and I/O run between two slices. */
async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
