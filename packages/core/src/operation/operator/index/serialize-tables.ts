import { IdTable } from "./id-table.ts";
import type { Numbers } from "./growable.ts";
import { Interner } from "./interner.ts";
import { Postings } from "./postings.ts";
import { RaggedPool } from "./ragged-pool.ts";
import { type RowColumnName, RowTable } from "./row-table.ts";
import { readSections, writeSections } from "./sections.ts";
import { IndexTables } from "./tables.ts";
import { TermTable } from "./term-table.ts";
import { VectorColumn } from "./vectors/index.ts";

/** Tables as bytes; compact them first, so that all additions are in and nothing removed is. */
export function serializeTables(tables: IndexTables): Uint8Array {
  const { rows, ids, terms, termLists, tagLists, postings } = tables;
  const columns = columnNames(rows).map((name) => rows.columns[name].subarray(0, rows.count));
  const names = NAME_TABLES.map((name) => tables[name].names);
  const head: Head = { rows: rows.count, names, vectors: tables.vectors !== undefined };
  const arrays = [
    ...columns,
    ...Object.values(ids.columns),
    ...Object.values(terms.columns),
    ...Object.values(termLists.columns),
    ...Object.values(tagLists.columns),
    ...Object.values(postings.columns),
  ];
  return writeSections([
    new TextEncoder().encode(JSON.stringify(head)),
    ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
    ...(tables.vectors === undefined ? [] : [tables.vectors.serialize()]),
  ]);
}

/** @throws Error when the bytes are of another format or damaged */
export function deserializeTables(bytes: Uint8Array): IndexTables {
  const sections = readSections(bytes).values();
  const next = (): Uint8Array<ArrayBuffer> => {
    const { value } = sections.next();
    if (value === undefined) throw new Error("Index bytes lack a section");
    return value;
  };
  const ints = (): Int32Array<ArrayBuffer> => words(next(), Int32Array);
  const unsigned = (): Uint32Array<ArrayBuffer> => words(next(), Uint32Array);
  const head = readHead(next());
  const rows = new RowTable();
  rows.load(head.rows, (name) => {
    const column = words(next(), rows.columns[name].constructor as Words<Numbers>).slice();
    if (column.length !== head.rows) throw new Error("Index bytes hold a column of another length");
    return column;
  });
  const pool = (): RaggedPool => RaggedPool.from(ints(), unsigned(), unsigned());
  const [visibilities, types, speakers, sessions, tags] = head.names.map((names) =>
    Interner.from(names),
  );
  return new IndexTables({
    rows,
    ids: IdTable.from(next(), unsigned(), unsigned()),
    terms: TermTable.from(unsigned(), unsigned()),
    termLists: pool(),
    tagLists: pool(),
    postings: Postings.from(unsigned(), ints(), next()),
    visibilities,
    types,
    speakers,
    sessions,
    tags,
    vectors: head.vectors ? VectorColumn.deserialize(next()) : undefined,
  });
}

const NAME_TABLES = ["visibilities", "types", "speakers", "sessions", "tags"] as const;

interface Head {
  readonly rows: number;
  readonly names: readonly (readonly (string | null)[])[];
  readonly vectors: boolean;
}

function readHead(bytes: Uint8Array): Head {
  const head: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isHead(head)) throw new Error("Index bytes hold a head of another shape");
  return head;
}

function isHead(value: unknown): value is Head {
  if (typeof value !== "object" || value === null) return false;
  const { rows, names, vectors } = value as Record<string, unknown>;
  const isNames = (list: unknown): boolean =>
    Array.isArray(list) && list.every((name) => name === null || typeof name === "string");
  return (
    Number.isSafeInteger(rows) &&
    typeof vectors === "boolean" &&
    Array.isArray(names) &&
    names.length === NAME_TABLES.length &&
    names.every(isNames)
  );
}

const columnNames = (rows: RowTable): RowColumnName[] =>
  Object.keys(rows.columns) as RowColumnName[];

type Words<A> = {
  new (buffer: ArrayBuffer, offset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
};

function words<A>(bytes: Uint8Array<ArrayBuffer>, of: Words<A>): A {
  const length = bytes.byteLength / of.BYTES_PER_ELEMENT;
  if (!Number.isInteger(length)) throw new Error("Index bytes hold a section of odd length");
  return new of(bytes.buffer, bytes.byteOffset, length);
}
