import { analyseDocument } from "./analyse-document.ts";
import type { IndexDocument } from "./document.ts";
import { IdTable } from "./id-table.ts";
import { Interner } from "./interner.ts";
import { Postings } from "./postings.ts";
import { RaggedPool } from "./ragged-pool.ts";
import { NONE, REMOVED, ROLES, RowTable } from "./row-table.ts";
import { SessionLinks } from "./session-links.ts";
import { TermTable } from "./term-table.ts";
import { VectorColumn } from "./vectors/index.ts";

/** All that an index stores; `CubeIndex` searches it. */
export class IndexTables {
  readonly rows: RowTable;
  readonly ids: IdTable;
  terms: TermTable;
  /** Terms of each row in order, with 0 between parts. */
  readonly termLists: RaggedPool;
  readonly tagLists: RaggedPool;
  readonly postings: Postings;
  readonly visibilities: Interner;
  readonly types: Interner;
  readonly speakers: Interner;
  readonly sessions: Interner;
  readonly tags: Interner;
  readonly links: SessionLinks;
  vectors: VectorColumn | undefined;
  /** Rows that were removed and whose postings are gone: free for new documents. */
  #free: number[] = [];

  constructor(parts: Partial<TableParts> = {}) {
    this.rows = parts.rows ?? new RowTable();
    this.ids = parts.ids ?? new IdTable();
    this.terms = parts.terms ?? new TermTable();
    this.termLists = parts.termLists ?? new RaggedPool();
    this.tagLists = parts.tagLists ?? new RaggedPool();
    this.postings = parts.postings ?? new Postings();
    this.visibilities = parts.visibilities ?? new Interner();
    this.types = parts.types ?? new Interner();
    this.speakers = parts.speakers ?? new Interner();
    this.sessions = parts.sessions ?? new Interner();
    this.tags = parts.tags ?? new Interner();
    this.vectors = parts.vectors;
    this.links = new SessionLinks(this.rows, (row) => this.ids.idOf(row));
    if (parts.rows !== undefined) {
      this.links.restore(this.sessions.names.length);
      this.#findFree();
    }
  }

  get sizeBytes(): number {
    const { rows, ids, terms, termLists, tagLists, postings, links, vectors } = this;
    const tables = [rows, ids, terms, termLists, tagLists, postings, links];
    const interners = [this.visibilities, this.types, this.speakers, this.sessions, this.tags];
    return [...tables, ...interners].reduce(
      (sum, part) => sum + part.sizeBytes,
      vectors?.sizeBytes ?? 0,
    );
  }

  /** Adds a document under an id that no row has; returns its row. */
  insert(document: IndexDocument): number {
    const row = this.#free.pop() ?? this.rows.count;
    const { terms, flags } = analyseDocument(document);
    const numbers = terms.map((term) => (term === "" ? 0 : this.terms.add(term)));
    this.rows.reserve(row);
    this.rows.live++;
    this.ids.set(row, document.id);
    this.termLists.set(row, numbers);
    this.tagLists.set(
      row,
      [...new Set([...document.tags, ...(document.labels ?? [])])].map((tag) => this.tags.add(tag)),
    );
    this.#fill(row, document, flags, numbers.filter((term) => term > 0).length);
    this.postings.add(row, numbers);
    this.links.insert(row);
    if (document.vector !== undefined) this.setVector(row, document.vector);
    return row;
  }

  /** Takes a row out; its place is free again after the next `compact`. */
  remove(row: number): void {
    this.links.remove(row);
    this.ids.remove(row);
    this.termLists.clear(row);
    this.tagLists.clear(row);
    this.vectors?.clear(row);
    this.rows.columns.visibility[row] = REMOVED;
    this.rows.live--;
  }

  /** Whether removed rows or recent additions have piled up so far that memory or later reading suffers. */
  get wantsCompaction(): boolean {
    const removed = this.rows.count - this.rows.live - this.#free.length;
    const isFull = removed > MIN_REMOVED && removed > this.rows.count / 4;
    return isFull || this.#tailExceeds(LOADING_TAIL_SHARE);
  }

  /** Whether recent additions slow a search down that is about to come. */
  get wantsCompactionToSearch(): boolean {
    return this.#tailExceeds(SEARCH_TAIL_SHARE);
  }

  #tailExceeds(share: number): boolean {
    const { tailLength, baseLength } = this.postings;
    return tailLength > MIN_TAIL && tailLength > baseLength * share;
  }

  /** Folds recent additions in and forgets what was removed, words included. Rows keep their numbers. */
  compact(): void {
    this.termLists.compact();
    this.tagLists.compact();
    this.ids.compact();
    this.terms = this.terms.keep(this.termLists.data);
    this.postings.rebuild(this.termLists, this.rows.count, this.terms.count);
    this.#findFree();
    this.#forgetNames();
  }

  /** Drops names of speakers, sessions and so on that only removed rows had. */
  #forgetNames(): void {
    const { columns, count } = this.rows;
    const keep = (names: Interner, column: Int32Array): void => {
      const used = new Set<number>();
      for (let row = 0; row < count; row++)
        if (columns.visibility[row] !== REMOVED) used.add(column[row] ?? NONE);
      names.keep((number) => used.has(number));
    };
    keep(this.visibilities, columns.visibility);
    keep(this.types, columns.type);
    keep(this.speakers, columns.speaker);
    keep(this.sessions, columns.session);
    const tags = new Set(this.tagLists.data);
    this.tags.keep((number) => tags.has(number));
  }

  #findFree(): void {
    const { visibility } = this.rows.columns;
    this.#free = [];
    for (let row = this.rows.count - 1; row >= 0; row--)
      if (visibility[row] === REMOVED) this.#free.push(row);
  }

  #fill(row: number, document: IndexDocument, flags: number, length: number): void {
    const { columns } = this.rows;
    const { speaker, sessionId } = document;
    columns.visibility[row] = this.visibilities.add(document.visibility);
    columns.version[row] = document.version;
    columns.type[row] = this.types.add(document.type);
    columns.speaker[row] =
      speaker === undefined || speaker === "" ? NONE : this.speakers.add(speaker);
    columns.role[row] = Math.max(0, ROLES.indexOf(document.role ?? roleOf(speaker)));
    columns.session[row] = sessionId === undefined ? NONE : this.sessions.add(sessionId);
    columns.order[row] = document.order ?? NaN;
    columns.at[row] = document.at ?? NaN;
    columns.expiresAt[row] = document.expiresAt ?? Infinity;
    columns.validFrom[row] = document.validFrom ?? -Infinity;
    columns.validTo[row] = document.validTo ?? Infinity;
    columns.flags[row] = flags;
    columns.length[row] = length;
  }

  /** Gives a row its vector, or another one. */
  setVector(row: number, vector: Float32Array): void {
    this.vectors ??= VectorColumn.create(vector.length);
    this.vectors.set(row, vector);
  }
}

/** What a loaded index is made of. */
export interface TableParts {
  rows: RowTable;
  ids: IdTable;
  terms: TermTable;
  termLists: RaggedPool;
  tagLists: RaggedPool;
  postings: Postings;
  visibilities: Interner;
  types: Interner;
  speakers: Interner;
  sessions: Interner;
  tags: Interner;
  vectors: VectorColumn | undefined;
}

/** A tail this short costs a search nothing that matters. */
const MIN_TAIL = 4_096;
/** While rows are loaded the tail may grow by this share of the base: each posting is then moved five times in all. */
const LOADING_TAIL_SHARE = 1 / 4;
/**
 * Chained entries are read ten times slower than the base, so a search finds a short tail: at 50,000 rows it is folded in
 * once in some 1,000 added rows, in about 20 ms.
 */
const SEARCH_TAIL_SHARE = 1 / 64;
/** So few removed rows cost a search nothing. */
const MIN_REMOVED = 1_024;

/** The role that a speaker's label names, where a transcript gives no roles. */
function roleOf(speaker = ""): (typeof ROLES)[number] {
  if (/^(?:user|human)$/i.test(speaker)) return "user";
  return /^(?:assistant|ai|bot|chatbot)$/i.test(speaker) ? "assistant" : "";
}
