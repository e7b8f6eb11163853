import { z } from "zod";

import type { Page } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Memory, Payload } from "../../memory/index.ts";
import { readable } from "../../operation/operator/index.ts";
import type { Vault } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { parsedJson } from "./parsed-json.ts";

export type VaultQuery = Parameters<Vault["list"]>[1];

/**
 * A page of those memories of a listing whose payload matches. Reads in slices that double; the cursor
 * is that of the storage, behind the last memory given or looked at.
 */
export async function matchingPage(
  cube: OpenCube,
  query: VaultQuery,
  matches: (payload: Payload) => boolean,
): Promise<Page<Memory>> {
  const { withTotal, ...paged } = query;
  const total = withTotal === true ? await countMatching(cube, paged, matches) : undefined;
  const found: Memory[] = [];
  let { cursor } = query;
  let rows = query.limit;
  for (let looks = 0; looks < LIMITS.whereLooks; looks += rows) {
    const slice = await fittingSlice(cube, { ...paged, ...from(cursor), limit: rows }, matches, {
      wanted: query.limit - found.length,
    });
    found.push(...slice.matching);
    cursor = slice.cursor;
    if (cursor === undefined || found.length === query.limit) break;
    rows = Math.min(LIMITS.pageRows, rows * 2);
  }
  return { items: found, ...from(cursor), ...(total === undefined ? {} : { total }) };
}

interface Slice {
  readonly matching: readonly Memory[];
  readonly cursor?: string;
}

/** The first rows of a slice that hold no more than `wanted` matching memories. */
async function fittingSlice(
  cube: OpenCube,
  query: VaultQuery,
  matches: (payload: Payload) => boolean,
  { wanted }: { readonly wanted: number },
): Promise<Slice> {
  const { cursor, rows } = await readSlice(cube, query, matches);
  const matching = rows.flatMap((memory) => memory ?? []);
  if (matching.length <= wanted) return { matching, ...from(cursor) };
  // Only the storage makes cursors: the slice is read again up to the last memory wanted.
  const last = matching[wanted - 1];
  return await fittingSlice(cube, { ...query, limit: rows.indexOf(last) + 1 }, matches, { wanted });
}

/** Rows of one slice, `undefined` in the place of those that don't match. */
async function readSlice(
  { context, ref }: OpenCube,
  query: VaultQuery,
  matches: (payload: Payload) => boolean,
): Promise<{ readonly rows: readonly (Memory | undefined)[]; readonly cursor?: string }> {
  const { items, cursor } = await context.storage.vault.list(ref, query);
  const rows = items.map((stored) => {
    // The whole content is checked only of what is given: that costs ten times as much.
    const { data } = storedValueSchema.safeParse(parsedJson(stored.content));
    const fits = data !== undefined && matches(data.payload as Payload);
    return fits ? readable(ref, stored) : undefined;
  });
  return { rows, ...from(cursor) };
}

/** What a filter looks at of a content. */
const storedValueSchema = z.object({
  payload: z.object({
    type: z.literal("json"),
    value: z.unknown(),
    path: z.array(z.string()).optional(),
  }),
});

async function countMatching(
  cube: OpenCube,
  query: VaultQuery,
  matches: (payload: Payload) => boolean,
): Promise<number> {
  let total = 0;
  let cursor: string | undefined;
  do {
    const { cursor: _, ...first } = query;
    const slice = { ...first, ...from(cursor), limit: LIMITS.pageRows };
    const page = await readSlice(cube, slice, matches);
    total += page.rows.filter((memory) => memory !== undefined).length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return total;
}

function from(cursor: string | undefined): { readonly cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}
