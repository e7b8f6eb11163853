import type { StoredVersion } from "@memcube/core";

import { ordinalOf } from "../../keys.ts";

/** Columns of `memory` (as `m`), beside those of the class; `past` has the same. */
const SAME = "m.key, m.id, m.version, m.from_seq, m.content, m.salt, m.commitment";

export const CURRENT_COLUMNS = `${SAME}, NULL AS to_seq, c.visibility`;
export const PAST_COLUMNS = `${SAME}, m.to_seq, c.visibility`;

/** Join with the class, for the columns above. */
export const JOIN_CLASS = "JOIN class c ON c.key = m.class";
export const VECTOR_COLUMNS = ", v.model, v.fingerprint, v.bytes";
export const JOIN_VECTOR = "LEFT JOIN vector v ON v.key = m.key";

export interface VersionRow {
  readonly key: number;
  readonly id: string;
  readonly version: number;
  readonly from_seq: number;
  readonly to_seq: number | null;
  readonly content: string;
  readonly salt: string;
  readonly commitment: string;
  readonly visibility: string;
  readonly model?: string | null;
  readonly fingerprint?: string | null;
  readonly bytes?: Uint8Array | null;
}

/**
 * A version that was read by id, on its way between the threads: its place among those asked for, then the
 * columns above. Lists are made and sent for less than objects.
 */
export type VersionTuple = readonly [
  place: number,
  key: number,
  id: string,
  version: number,
  fromSeq: number,
  content: string,
  salt: string,
  commitment: string,
  toSeq: number | null,
  visibility: string,
  model?: string | null,
  fingerprint?: string | null,
  bytes?: Uint8Array | null,
];

export function versionOfTuple(tuple: VersionTuple): StoredVersion {
  const [, key, id, version, from_seq, content, salt, commitment, to_seq, visibility] = tuple;
  const [, , , , , , , , , , model, fingerprint, bytes] = tuple;
  const own = { key, id, version, from_seq, to_seq, content, salt, commitment, visibility };
  return storedVersion({ ...own, model, fingerprint, bytes });
}

export function storedVersion(row: VersionRow): StoredVersion {
  const { id, version, content, salt, commitment, visibility } = row;
  const fromSeq = row.from_seq;
  const ordinal = ordinalOf(row.key);
  const vector = vectorOf(row);
  return {
    id,
    version,
    fromSeq,
    content,
    salt,
    commitment,
    visibility,
    ordinal,
    ...(row.to_seq === null ? {} : { toSeq: row.to_seq }),
    ...(vector === undefined ? {} : { vector }),
  };
}

function vectorOf({ model, fingerprint, bytes }: VersionRow): StoredVersion["vector"] {
  if (!model || typeof fingerprint !== "string" || !bytes) return undefined;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const values = new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  return { model, fingerprint, values };
}
