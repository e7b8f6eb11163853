import { emit } from "../../events.ts";
import { MemCubeError } from "../../errors.ts";
import { commitBodySchema, samePosition, type Position } from "../../flow/index.ts";
import { toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type CubeRef, type Memory } from "../../memory/index.ts";
import type { LogEntry, StoredVersion, Vault } from "../../ports/index.ts";
import { CubeIndex, type IndexDocument } from "./index/index.ts";
import { embeddingText } from "./memory-text.ts";
import { toDocument } from "./to-document.ts";

const ACCESS = { system: "index" } as const;

/** What one commit changed in an index. */
export interface IndexChange {
  readonly documents?: readonly IndexDocument[];
  /** Leaves the index at once, also when the commit comes out of order. */
  readonly removed?: readonly string[];
  readonly vectors?: readonly {
    readonly id: string;
    readonly version: number;
    readonly vector: Float32Array;
  }[];
  /** The change is not all here (a kept vector is in the storage): the log is read. @default false */
  readonly partial?: boolean;
}

/** What an index needs from the cache that holds it. */
export interface IndexSurroundings {
  /** Embedding model of the vectors that are used. */
  readonly model: string | undefined;
  /** Told of memories that the log says were changed. */
  readonly changed: (id: string) => void;
  /** Whether the process is closing: a long build then ends. */
  readonly stopped: () => boolean;
}

let followers = 0;

/** A cube's index in the heap with the position it reflects. */
export class LoadedIndex {
  readonly ref: CubeRef;
  readonly index: CubeIndex;
  /** Number of this index among all that this process had: what was read with it is kept under it. */
  readonly follower = ++followers;
  /** Changes since the index was last persisted. */
  unsaved = 0;
  /** Memories that have text and no vector of the model, found by building or by the first catch-up. */
  unembedded: string[] = [];
  #position: Position;
  readonly #around: IndexSurroundings;

  constructor(ref: CubeRef, index: CubeIndex, position: Position, around: IndexSurroundings) {
    this.ref = ref;
    this.index = index;
    this.#position = position;
    this.#around = around;
  }

  get position(): Position {
    return this.#position;
  }

  /** Builds the index from all live memories, in slices that let other work run. */
  static async build(
    vault: Vault,
    ref: CubeRef,
    position: Position,
    around: IndexSurroundings,
  ): Promise<LoadedIndex> {
    const started = performance.now();
    const built = new LoadedIndex(ref, new CubeIndex(), position, around);
    let cursor: string | undefined;
    do {
      if (around.stopped()) throw new MemCubeError("MEMCUBE_CLOSED", "Closed during a build.");
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

  /** Whether the index reflects `wanted`, or is ahead of it in what it took for the same log. */
  reaches(wanted: Position): boolean {
    return this.isAt(wanted) || this.isAheadOf(wanted);
  }

  isAt(wanted: Position): boolean {
    return samePosition(this.#position, wanted);
  }

  /** Ahead by number. Whether it is the same log, only {@link LoadedIndex.catchUp} can tell. */
  isAheadOf({ epoch, seq }: Position): boolean {
    return this.#position.epoch === epoch && this.#position.seq > seq;
  }

  /**
   * Takes in what the log says happened since. False when the log does not continue from this
   * position (it went back, or the commits in between left hot storage): then build anew.
   */
  async catchUp(vault: Vault, wanted: Position): Promise<boolean> {
    if (this.#position.epoch !== wanted.epoch) return false;
    // The entry at our own position comes first: its head must be ours.
    let after = this.#position.seq - 1;
    let own: Position | undefined = this.#position;
    for (;;) {
      const entries = await vault.log(this.ref, { afterSeq: after, limit: LIMITS.pageRows });
      if (own !== undefined) {
        const first = entries[0];
        if (first?.seq !== own.seq || first.head !== own.head) return false;
        own = undefined;
      }
      // What was fed while the log was read is not read again.
      const { seq } = this.#position;
      const fresh = entries.filter((entry) => entry.seq > seq);
      const last = fresh.at(-1);
      if (last === undefined) return true;
      if (!(await this.#refresh(vault, fresh))) return false;
      if (this.#position.seq < last.seq) {
        this.#position = { epoch: this.#position.epoch, seq: last.seq, head: last.head };
      }
      after = last.seq;
      if (entries.length < LIMITS.pageRows) return true;
    }
  }

  /** Takes in a commit of this process without reading; false when it does not directly follow. */
  feed(position: Position, change: IndexChange): boolean {
    const next = position.epoch === this.#position.epoch && position.seq === this.#position.seq + 1;
    if (!next || change.partial === true) return false;
    const { documents = [], removed = [], vectors = [] } = change;
    for (const document of documents) this.index.upsert(document);
    this.remove(removed);
    for (const { id, version, vector } of vectors) {
      // The memory has another version now: whether its text is the same, only the storage knows.
      if (!this.index.setVector(id, version, vector)) return false;
    }
    this.unsaved += documents.length + removed.length + vectors.length;
    this.#position = position;
    return true;
  }

  /** Takes memories out; the position stays. */
  remove(ids: readonly string[]): void {
    for (const id of ids) this.index.remove(id);
  }

  async #refresh(vault: Vault, entries: readonly LogEntry[]): Promise<boolean> {
    const ids = new Set<string>();
    for (const { body } of entries) {
      const changes = changesOf(body);
      if (changes === undefined) return false;
      for (const { memoryId } of changes) if (memoryId !== undefined) ids.add(memoryId);
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
      this.remove([...missing]);
      for (const id of slice) this.#around.changed(id);
    }
    this.unsaved += wanted.length;
    return true;
  }

  #put(stored: StoredVersion): void {
    const memory = readable(this.ref, stored);
    const { vector } = stored;
    const usable =
      vector !== undefined &&
      vector.model === this.#around.model &&
      vector.fingerprint === memory?.header.fingerprint;
    const document =
      memory && toDocument(memory, stored.visibility, usable ? vector.values : undefined);
    if (memory === undefined || document === undefined) {
      this.index.remove(stored.id);
      return;
    }
    this.index.upsert(document);
    if (!usable && this.#around.model !== undefined && embeddingText(memory.payload).trim() !== "")
      this.unembedded.push(stored.id);
  }
}

/** One row that can't be read costs that memory, not the cube: `verify` names it. */
export function readable(ref: CubeRef, stored: StoredVersion): Memory | undefined {
  try {
    return toMemory(ref, stored);
  } catch (error) {
    emit("memcube:error", { where: "index.row", error });
    return undefined;
  }
}

function changesOf(body: string) {
  try {
    return commitBodySchema.parse(JSON.parse(body)).changes;
  } catch (error) {
    emit("memcube:error", { where: "index.log", error });
    return undefined;
  }
}

/** Lets timers and I/O run between two slices. */
async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
