import { MemCubeError } from "@memcube/core";

/** Mastra's paging: pages from 0; `perPage: false` is everything. */
export interface Paging {
  readonly page?: number;
  readonly perPage?: number | false;
}

export interface Window {
  readonly page: number;
  readonly perPage: number | false;
  readonly offset: number;
  /** How many at most; 0 for none, Infinity for all. */
  readonly count: number;
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a negative or broken page or size */
export function windowOf({ page = 0, perPage }: Paging, defaultSize: number): Window {
  const size = perPage ?? defaultSize;
  if (!isCount(page)) throw wrong("page must be >= 0");
  if (size === false && page > 0) throw wrong("page value too large: everything is one page");
  if (size === false) return { page, perPage: false, offset: 0, count: Number.POSITIVE_INFINITY };
  if (!isCount(size)) throw wrong("perPage must be >= 0");
  if (page * size > Number.MAX_SAFE_INTEGER / 2) throw wrong("page value too large");
  return { page, perPage: size, offset: page * size, count: size };
}

export type Direction = "ASC" | "DESC";

/** Sorts by a time; of those with the same time the first given is the older one. */
export function sortByTime<T>(
  items: readonly T[],
  timeOf: (item: T) => Date,
  direction: Direction,
): readonly T[] {
  const rising = items.toSorted((a, b) => timeOf(a).getTime() - timeOf(b).getTime());
  return direction === "ASC" ? rising : rising.reverse();
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

export function wrong(message: string): MemCubeError {
  return new MemCubeError("MEMCUBE_INVALID_INPUT", message);
}
