import type { IndexDocument } from "./document.ts";
import { filterRows } from "./filter-rows.ts";
import { grown } from "./growable.ts";
import type { IndexQuery, IndexResult, IndexRow } from "./query.ts";
import { RANKING, type Ranking } from "./ranking.ts";
import { NONE } from "./row-table.ts";
import { Scratch } from "./scratch.ts";
import { deserializeTables, serializeTables } from "./serialize-tables.ts";
import { searchTables } from "./search-tables.ts";
import { SpeakerNames } from "./speaker-names.ts";
import { IndexTables } from "./tables.ts";
import { VisibleRowsCache } from "./visible-rows-cache.ts";

/**
 * The search index of one cube, in process: words with the structure of conversations, and vectors where documents have
 * them. Fed by the cube's log; holds terms and vectors, not texts. Rows that a caller may not see, and rows that have
 * expired, influence nothing that the caller gets.
 */
export class CubeIndex {
  readonly #tables: IndexTables;
  readonly #views: VisibleRowsCache;
  readonly #scratch = new Scratch();
  #speakers = new SpeakerNames();
  readonly #ranking: Ranking;
  #slotOfTerm = new Uint8Array(0);

  /** @param ranking weights to change, for measurements @default RANKING */
  constructor(ranking: Partial<Ranking> = {}, tables = new IndexTables()) {
    this.#tables = tables;
    this.#views = new VisibleRowsCache(tables);
    this.#ranking = { ...RANKING, ...ranking };
  }

  /** Rows in the index, whoever may see them. */
  get count(): number {
    return this.#tables.rows.live;
  }

  /** RAM that the index takes, in bytes; an estimate within a few percent. */
  get sizeBytes(): number {
    return (
      this.#tables.sizeBytes +
      this.#views.sizeBytes +
      this.#scratch.sizeBytes +
      this.#slotOfTerm.byteLength
    );
  }

  /** Whether a document with this id is in the index. */
  has(id: string): boolean {
    return this.#tables.ids.find(id) !== NONE;
  }

  /**
   * Adds a document, in the place of the one with its id if there is one.
   * @throws TypeError when the id is empty
   */
  upsert(document: IndexDocument): void {
    if (document.id === "") throw new TypeError("An index document needs an id");
    this.remove(document.id);
    this.#views.added(this.#tables.insert(document));
    this.#speakers.update(this.#tables.speakers.names);
    if (this.#tables.wantsCompaction) this.#compact();
  }

  /** Takes a document out; false when there is none with this id. */
  remove(id: string): boolean {
    const row = this.#tables.ids.find(id);
    if (row === NONE) return false;
    this.#views.removing(row);
    this.#tables.remove(row);
    if (this.#tables.wantsCompaction) this.#compact();
    return true;
  }

  /** Gives a document its vector; false when there is none with this id at this version. */
  setVector(id: string, version: number, vector: Float32Array): boolean {
    const row = this.#tables.ids.find(id);
    if (row === NONE || this.#tables.rows.columns.version[row] !== version) return false;
    this.#tables.setVector(row, vector);
    return true;
  }

  /**
   * The index as bytes, for `deserialize`. Holds ids, hashes of words, labels and vectors of the rows that are in it now,
   * nothing of removed ones.
   */
  serialize(): Uint8Array {
    this.#compact();
    return serializeTables(this.#tables);
  }

  /**
   * An index as it was serialized.
   * @throws Error when the bytes are damaged or of another version: rebuild from the log
   */
  static deserialize(bytes: Uint8Array, ranking: Partial<Ranking> = {}): CubeIndex {
    const tables = deserializeTables(bytes);
    const index = new CubeIndex(ranking, tables);
    index.#speakers.update(tables.speakers.names);
    return index;
  }

  #compact(): void {
    this.#tables.compact();
    this.#speakers = new SpeakerNames();
    this.#speakers.update(this.#tables.speakers.names);
  }

  /** The rows that the caller may see and that pass the filter, in no order that means anything. */
  passing({ permits, now, filter }: Pick<IndexQuery, "permits" | "now" | "filter">): IndexRow[] {
    const view = this.#views.view(permits, now);
    const { ids, rows } = this.#tables;
    const passes = filter === undefined ? view.mask : filterRows(filter, this.#tables, view);
    const found: IndexRow[] = [];
    for (let row = 0; row < rows.count; row++) {
      if (passes[row] !== 1) continue;
      found.push({ id: ids.idOf(row), version: rows.columns.version[row] ?? 0 });
    }
    return found;
  }

  /** The best hits for a query among the rows that the caller may see, best first. */
  search(query: IndexQuery): IndexResult {
    if (this.#tables.wantsCompactionToSearch) this.#compact();
    const view = this.#views.view(query.permits, query.now);
    this.#slotOfTerm = grown(this.#slotOfTerm, this.#tables.terms.count + 1);
    return searchTables(
      {
        tables: this.#tables,
        view,
        scratch: this.#scratch,
        speakers: this.#speakers,
        ranking: this.#ranking,
        slotOfTerm: this.#slotOfTerm,
      },
      query,
    );
  }
}
