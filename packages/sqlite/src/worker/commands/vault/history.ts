import type { CubeRef, HistorySegment, Page, StoredVersion } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { Refusal } from "../../refusal.ts";
import { findCube, needCube } from "./cube-row.ts";
import { checkContinues } from "./seals.ts";
import { JOIN_CLASS, PAST_COLUMNS, storedVersion, type VersionRow } from "./version-row.ts";

interface SegmentRow {
  readonly key: number;
  readonly from_seq: number;
  readonly head: string;
  readonly to_at: number;
  readonly blob: string;
  readonly size_bytes: number;
}

/** `Vault.segments` */
export function segments({ db }: Context, ref: CubeRef): HistorySegment[] {
  const cube = findCube(db, ref);
  if (cube === undefined) return [];
  const rows = db.all<SegmentRow>(
    "SELECT * FROM segment WHERE key > ? AND key <= ? ORDER BY key",
    keyIn(cube.key, 0),
    lastKey(cube.key),
  );
  return rows.map(({ key, from_seq: fromSeq, head, to_at: toAt, blob, size_bytes: sizeBytes }) => ({
    fromSeq,
    toSeq: ordinalOf(key),
    head,
    toAt,
    blob,
    sizeBytes,
  }));
}

interface EndedQuery {
  readonly ref: CubeRef;
  readonly afterSeq: number;
  readonly toSeq: number;
  readonly limit: number;
  readonly cursor?: string;
}

/** `Vault.endedVersions`: those of the cube's header, too. */
export function endedVersions({ db }: Context, query: EndedQuery): Page<StoredVersion> {
  const { ref, afterSeq, toSeq, limit, cursor } = query;
  const cube = findCube(db, ref);
  if (cube === undefined) return { items: [] };
  const [id, version] = cursor === undefined ? ["", 0] : readCursor(cursor, "string", "number");
  const rows = db.all<VersionRow>(
    `SELECT ${PAST_COLUMNS} FROM past m ${JOIN_CLASS}
     WHERE m.cube = ? AND m.to_seq > ? AND m.to_seq <= ? AND (m.id, m.version) > (?, ?)
     ORDER BY m.id, m.version LIMIT ?`,
    cube.key,
    afterSeq,
    toSeq,
    id,
    version,
    limit + 1,
  );
  return pageOf(rows, limit, {
    item: storedVersion,
    cursor: (row) => writeCursor(row.id, row.version),
  });
}

/** `Vault.addSegment` */
export function addSegment(
  { db }: Context,
  input: {
    readonly ref: CubeRef;
    readonly segment: HistorySegment;
    readonly expect?: { readonly versions: number };
  },
): void {
  const { ref, segment, expect } = input;
  const cube = needCube(db, ref);
  const { fromSeq, toSeq, head, toAt, blob, sizeBytes } = segment;
  const all = [keyIn(cube.key, 0), lastKey(cube.key)];
  const last = db.get<{ key: number }>(
    "SELECT key FROM segment WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1",
    ...all,
  );
  checkContinues(last?.key, segment);
  if (expect !== undefined) checkVersions(db, cube.key, toSeq, expect.versions);
  db.run(
    "INSERT INTO segment (key, from_seq, head, to_at, blob, size_bytes) VALUES (?, ?, ?, ?, ?, ?)",
    keyIn(cube.key, toSeq),
    fromSeq,
    head,
    toAt,
    blob,
    sizeBytes,
  );
  // A replayed commit answers with its body, wherever the log line has gone.
  db.run(
    `UPDATE receipt SET body = (SELECT body FROM log WHERE log.key = ? + receipt.seq)
     WHERE cube = ? AND seq <= ? AND body IS NULL`,
    keyIn(cube.key, 0),
    cube.key,
    toSeq,
  );
  db.run("DELETE FROM log WHERE key > ? AND key <= ?", keyIn(cube.key, 0), keyIn(cube.key, toSeq));
  db.run("DELETE FROM past WHERE cube = ? AND to_seq <= ?", cube.key, toSeq);
}

/** An erasure takes versions away, and nothing adds one that ended so early. */
function checkVersions(db: Connection, cube: number, toSeq: number, expected: number): void {
  const count = "SELECT count(*) AS count FROM past WHERE cube = ? AND to_seq <= ?";
  const actual = db.get<{ count: number }>(count, cube, toSeq)?.count ?? 0;
  if (actual === expected) return;
  throw new Refusal("MEMCUBE_CONFLICT", "Not as many versions ended in the segment.", {
    expected,
    actual,
  });
}

/** `Vault.replaceSegment` */
export function replaceSegment(
  { db }: Context,
  input: { readonly ref: CubeRef; readonly segment: HistorySegment; readonly replaced: string },
): void {
  const { fromSeq, toSeq, head, toAt, blob, sizeBytes } = input.segment;
  const { key } = needCube(db, input.ref);
  const changed = db.run(
    `UPDATE segment SET head = ?, to_at = ?, blob = ?, size_bytes = ?
     WHERE key = ? AND from_seq = ? AND blob = ?`,
    head,
    toAt,
    blob,
    sizeBytes,
    keyIn(key, toSeq),
    fromSeq,
    input.replaced,
  );
  if (changed === 0) throw new Refusal("MEMCUBE_CONFLICT", "The segment has another blob now.");
}
