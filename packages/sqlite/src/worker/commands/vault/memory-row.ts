import type { SQLInputValue } from "node:sqlite";

import type { Connection } from "../../connection.ts";

/** A current version as it is kept; tags are a JSON list. */
export interface MemoryRow {
  readonly version: number;
  readonly fromSeq: number;
  readonly class: number;
  readonly kind: string;
  readonly type: string;
  readonly state: string;
  /** Digests. */
  readonly externalKey?: Uint8Array;
  readonly session?: Uint8Array;
  readonly tags?: string;
  readonly at: number;
  readonly expiresAt?: number;
  readonly salt: string;
  readonly commitment: string;
  readonly terms: string;
  readonly content: string;
}

const INSERT = `INSERT INTO memory (version, from_seq, class, kind, type, state, key_digest, session_digest,
    tags, at, expires_at, salt, commitment, terms, content, key, cube, id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Writes the first version of a memory. */
export function insertMemory(
  db: Connection,
  place: { readonly key: number; readonly cube: number; readonly id: string },
  row: MemoryRow,
): void {
  db.run(INSERT, ...valuesOf(row), place.key, place.cube, place.id);
}

const KEEP = `INSERT INTO past (key, cube, id, version, from_seq, to_seq, class, kind, type, state,
    key_digest, session_digest, tags, at, expires_at, salt, commitment, content)
  SELECT key, cube, id, version, from_seq, ?, class, kind, type, state,
    key_digest, session_digest, tags, at, expires_at, salt, commitment, content
  FROM memory WHERE key = ?`;

// Not INSERT OR REPLACE: looking for conflicts in every index costs three times the insert.
const UPDATE = `UPDATE memory SET version = ?, from_seq = ?, class = ?, kind = ?, type = ?, state = ?,
    key_digest = ?, session_digest = ?, tags = ?, at = ?, expires_at = ?, salt = ?, commitment = ?,
    terms = ?, content = ?
  WHERE key = ?`;

/** Writes the next version; the one before ends at its sequence number. */
export function replaceMemory(db: Connection, key: number, row: MemoryRow): void {
  db.run(KEEP, row.fromSeq, key);
  db.run(UPDATE, ...valuesOf(row), key);
}

function valuesOf(row: MemoryRow): SQLInputValue[] {
  const { externalKey = null, session = null, tags = null, expiresAt = null } = row;
  const lists = [row.kind, row.type, row.state, externalKey, session, tags];
  const sealed = [row.salt, row.commitment, row.terms, row.content];
  return [row.version, row.fromSeq, row.class, ...lists, row.at, expiresAt, ...sealed];
}
