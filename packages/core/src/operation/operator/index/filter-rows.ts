import type { IndexFilter } from "./query.ts";
import { NONE } from "./row-table.ts";
import type { IndexTables } from "./tables.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** One byte per row: 1 where it is visible and passes the filter. */
export function filterRows(
  filter: IndexFilter,
  tables: IndexTables,
  view: VisibleRows,
): Uint8Array {
  const { rows, types, sessions, tags } = tables;
  const { columns } = rows;
  const passes = new Uint8Array(rows.count);
  const wantedTypes = filter.types && new Set(filter.types.map((type) => types.find(type)));
  const wantedTags = filter.tags?.map((tag) => tags.find(tag)) ?? [];
  const session = filter.sessionId === undefined ? undefined : sessions.find(filter.sessionId);
  const { from = -Infinity, to = Infinity } = filter;
  const timed = filter.from !== undefined || filter.to !== undefined;
  const check = (row: number): void => {
    const at = columns.at[row] ?? NaN;
    const ok =
      view.mask[row] === 1 &&
      (wantedTypes === undefined || wantedTypes.has(columns.type[row] ?? NONE)) &&
      (session === undefined || (session !== NONE && columns.session[row] === session)) &&
      (!timed || (at >= from && at < to)) &&
      wantedTags.every((tag) => hasTag(tables, row, tag));
    passes[row] = ok ? 1 : 0;
  };
  if (filter.ids === undefined) for (let row = 0; row < rows.count; row++) check(row);
  else for (const row of filter.ids.map((id) => tables.ids.find(id))) if (row !== NONE) check(row);
  return passes;
}

function hasTag({ tagLists }: IndexTables, row: number, tag: number): boolean {
  const from = tagLists.start(row);
  const to = from + tagLists.count(row);
  for (let at = from; at < to; at++) if (tagLists.data[at] === tag) return true;
  return false;
}

/** The rows that pass and those up to two places beside one that does, whose words may lead to it. */
export function widen(passes: Uint8Array, view: VisibleRows): Uint8Array {
  const near = passes.slice();
  for (let row = 0; row < passes.length; row++) {
    if (passes[row] !== 1) continue;
    for (const links of [view.previous, view.next]) {
      const beside = links[row] ?? NONE;
      if (beside === NONE) continue;
      near[beside] = 1;
      const beyond = links[beside] ?? NONE;
      if (beyond !== NONE) near[beyond] = 1;
    }
  }
  return near;
}
