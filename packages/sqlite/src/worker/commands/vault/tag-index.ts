import type { Connection } from "../../connection.ts";
import { digestOf } from "../../digest.ts";

/** Rows of a tag that are counted to tell a rare one from a common one. */
const COUNTED = 1_000;

/** Brings the index of tags up to date; `before` and `now` are JSON lists as in `memory.tags`. */
export function indexTags(
  db: Connection,
  place: { readonly cube: number; readonly key: number },
  before: string | null | undefined,
  now: string | undefined,
): void {
  if ((before ?? undefined) === now) return;
  const old = tagsIn(before);
  const wanted = tagsIn(now);
  const run = (sql: string, tag: string) => db.run(sql, digestOf(place.cube, tag), place.key);
  for (const tag of old) {
    if (!wanted.has(tag)) run("DELETE FROM tag WHERE digest = ? AND key = ?", tag);
  }
  for (const tag of wanted) {
    if (!old.has(tag)) run("INSERT INTO tag (digest, key) VALUES (?, ?)", tag);
  }
}

function tagsIn(json: string | null | undefined): Set<string> {
  return new Set(json === null || json === undefined ? [] : (JSON.parse(json) as string[]));
}

/** Digest of the tag that the fewest memories have: what a list goes along. */
export function rarestTag(
  db: Connection,
  cube: number,
  tags: readonly string[],
): Uint8Array | undefined {
  const digests = tags.map((tag) => digestOf(cube, tag));
  const [first, ...others] = digests;
  if (first === undefined || others.length === 0) return first;
  const counts = digests.map((digest) => ({ digest, rows: rowsWith(db, digest) }));
  return counts.reduce((rarest, one) => (one.rows < rarest.rows ? one : rarest)).digest;
}

function rowsWith(db: Connection, digest: Uint8Array): number {
  const sql = "SELECT count(*) AS count FROM (SELECT 1 FROM tag WHERE digest = ? LIMIT ?)";
  return db.get<{ count: number }>(sql, digest, COUNTED)?.count ?? 0;
}
