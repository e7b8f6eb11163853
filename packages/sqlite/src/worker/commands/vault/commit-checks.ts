import type { CommitRequest, VaultWrite } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { digestOf } from "../../digest.ts";
import { HEADER_ID } from "../../keys.ts";
import { Refusal } from "../../refusal.ts";
import type { TermEntry } from "../../term-index.ts";

/** The row a commit finds for an id that it writes. */
export interface CurrentRow extends TermEntry {
  readonly version: number;
  readonly commitment: string;
  /** Whether there are some (0 or 1), or how many. */
  readonly edges: number;
  /** A JSON list. */
  readonly tags?: string | null;
}

/** Rows by id, as they are before the commit; ids that are not there are left out. */
export type CurrentRows = Map<string, CurrentRow>;

const FIND = `SELECT key, version, commitment, class, terms, tags,
    EXISTS (SELECT 1 FROM edge WHERE source = memory.key) AS edges
  FROM memory WHERE cube = ? AND id = ?`;

export function findCurrent(
  db: Connection,
  cubeKey: number | undefined,
  writes: readonly VaultWrite[],
): CurrentRows {
  const rows: CurrentRows = new Map();
  if (cubeKey === undefined) return rows;
  // The header's version is always needed: a commit may name the one it was authorised under.
  for (const id of new Set([HEADER_ID, ...writes.map(idOf)])) {
    const row = db.get<CurrentRow>(FIND, cubeKey, id);
    if (row !== undefined) rows.set(id, row);
  }
  return rows;
}

export function idOf(write: VaultWrite): string {
  return write.op === "cube" ? HEADER_ID : write.id;
}

/** Every expected version must be the one from before the commit, that of the header first. */
export function checkVersions(current: CurrentRows, request: CommitRequest): void {
  const header = current.get(HEADER_ID);
  assertSame(HEADER_ID, request.cubeVersion, header?.version ?? 0);
  assertSame(HEADER_ID, request.cubeCommitment, header?.commitment ?? "");
  for (const write of request.writes) {
    if (write.op === "vector") continue;
    if (write.op !== "cube" && write.id === HEADER_ID) {
      throw new Refusal("MEMCUBE_INVALID_INPUT", `No memory can have the id "${HEADER_ID}".`);
    }
    const id = idOf(write);
    assertSame(id, write.expectedVersion, current.get(id)?.version ?? 0);
  }
}

function assertSame<T extends number | string>(id: string, expected: T | undefined, actual: T) {
  if (expected === undefined || expected === actual) return;
  throw new Refusal("MEMCUBE_CONFLICT", "The expected version is not the current one.", {
    id,
    expected,
    actual,
  });
}

/** After the commit no two current memories may hold the same external key. */
export function checkExternalKeys(
  db: Connection,
  cubeKey: number | undefined,
  writes: readonly VaultWrite[],
): void {
  const touched = new Set<string>();
  for (const write of writes) if (write.op !== "vector") touched.add(idOf(write));
  const taken = new Map<string, string>();
  for (const write of writes) {
    const key = write.op === "put" ? write.index.externalKey : undefined;
    if (key === undefined || write.op !== "put") continue;
    const holder = taken.get(key) ?? holderOf(db, cubeKey, key, touched);
    if (holder !== undefined && holder !== write.id) {
      throw new Refusal("MEMCUBE_DUPLICATE_KEY", "Another memory has this external key.", {
        id: holder,
      });
    }
    taken.set(key, write.id);
  }
}

/** Who holds the key and will go on doing so, as the commit does not touch it. */
function holderOf(
  db: Connection,
  cubeKey: number | undefined,
  key: string,
  touched: ReadonlySet<string>,
): string | undefined {
  if (cubeKey === undefined) return undefined;
  const find = "SELECT id FROM memory WHERE key_digest = ?";
  const id = db.get<{ id: string }>(find, digestOf(cubeKey, key))?.id;
  return id === undefined || touched.has(id) ? undefined : id;
}
