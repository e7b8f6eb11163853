import type { CubeRef, Page, StoredVersion, Vault, VaultFilter } from "@memcube/core";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { numberOf, textOf } from "../replies.ts";
import { optional } from "./read.ts";
import { LOOKS, REPLY_BYTES } from "./reply-bounds.ts";
import { storedVersion } from "./stored-rows.ts";
import type { Views } from "./views.ts";

type ListQuery = Parameters<Vault["list"]>[1];

interface Parts {
  readonly connection: RedisConnection;
  readonly views: Views;
}

/**
 * `Vault.list`. Goes along the narrowest of the cube's indexes: a tag, the session, or the groups of
 * visibility, kind, type and state that fit. Cost: in proportion to the rows gone through on it, in
 * slices of `LOOKS`; a total is counted from sizes of indexes where nothing but a group decides, else
 * it goes through the index to its end. In the past (`seq`) all memories of the cube are gone through.
 */
export async function listMemories(
  parts: Parts,
  ref: CubeRef,
  query: ListQuery,
): Promise<Page<StoredVersion>> {
  const { limit, withTotal = false } = query;
  const start = query.cursor === undefined ? "" : String(readCursor(query.cursor, "number")[0]);
  const [page, total] = await Promise.all([
    readPage(parts, ref, query, start),
    withTotal ? count(parts, ref, query) : undefined,
  ]);
  const items = page.slice(0, limit);
  const last = items.at(-1);
  const more = page.length > limit && last !== undefined;
  return {
    items,
    ...(more ? { cursor: writeCursor(last.ordinal) } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

/** One row more than the page holds, if there is one: it tells that more follow. */
async function readPage(
  parts: Parts,
  ref: CubeRef,
  query: ListQuery,
  start: string,
): Promise<StoredVersion[]> {
  const found: StoredVersion[] = [];
  let after = start;
  for (;;) {
    const rows = query.limit + 1 - found.length;
    const answer = await ask(parts, ref, query, { after, rows });
    if (answer === undefined) return found;
    found.push(...answer.rows.map(storedVersion));
    if (answer.next === "" || found.length > query.limit) return found;
    after = answer.next;
  }
}

async function count(parts: Parts, ref: CubeRef, query: ListQuery): Promise<number> {
  let total = 0;
  let after = "";
  for (;;) {
    const answer = await ask(parts, ref, { ...query, vectors: false }, { after, rows: 0 });
    if (answer === undefined) return 0;
    total += answer.fit;
    if (answer.next === "") return total;
    after = answer.next;
  }
}

async function ask(
  { connection, views }: Parts,
  ref: CubeRef,
  query: ListQuery,
  stretch: { readonly after: string; readonly rows: number },
): Promise<
  { readonly next: string; readonly fit: number; readonly rows: readonly Reply[] } | undefined
> {
  const { access, filter, now, seq, order, vectors = false } = query;
  const answer = await views.read(ref, access, (view) =>
    connection.run(
      "list-memories",
      [connection.keys.cube(ref, "meta")],
      [
        ...view,
        optional(now),
        optional(seq),
        vectors ? "1" : "0",
        String(REPLY_BYTES),
        order === "oldest" ? "1" : "-1",
        stretch.after,
        String(stretch.rows),
        String(LOOKS),
        ...filterArguments(filter),
      ],
      { buffers: vectors },
    ),
  );
  if (answer === undefined) return undefined;
  const [next, fit, ...rows] = answer;
  return { next: textOf(next), fit: numberOf(fit), rows };
}

/** Arguments of `scripts/modules/filter.lua`. */
export function filterArguments(filter: VaultFilter): string[] {
  const { from, to, sessionId = "", kinds, types, states, tags = [] } = filter;
  const list = (values: readonly string[] | undefined): string[] =>
    values === undefined ? ["-1"] : [String(values.length), ...values];
  return [
    optional(from),
    optional(to),
    sessionId,
    ...list(kinds),
    ...list(types),
    ...list(states),
    ...list(tags),
  ];
}
