import { z } from "zod";

import { commitBodySchema, samePosition, type Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, MEMORY_STATES, type Path } from "../../memory/index.ts";
import type { LogEntry, StoredVersion } from "../../ports/index.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { parsedJson } from "./parsed-json.ts";

/** Listings that are remembered, and paths of one: some 10 MB at most. */
const KNOWN = 16;
const KNOWN_PATHS = 5_000;
/** Commits, and values of them, that are read to bring a listing up to date; beyond, all is looked at again. */
const FOLLOWED_COMMITS = LIMITS.pageRows;
const FOLLOWED_VALUES = 5_000;

/** Paths that a caller was found to see at a position of the cube's log. */
export interface PathListing {
  readonly position: Position;
  readonly paths: ReadonlyMap<string, Path>;
  /** When the first of the values expires: from then on it may be one path less. */
  readonly until: number;
}

const LISTINGS = new WeakMap<ApiContext, Map<string, PathListing>>();

/** What was remembered under a key. */
export function knownListing(context: ApiContext, key: string): PathListing | undefined {
  return LISTINGS.get(context)?.get(key);
}

/** Remembers a listing in the place of the one used longest ago. */
export function rememberListing(context: ApiContext, key: string, listing: PathListing): void {
  const listings = LISTINGS.get(context) ?? new Map<string, PathListing>();
  LISTINGS.set(context, listings);
  listings.delete(key);
  if (listing.paths.size <= KNOWN_PATHS) listings.set(key, listing);
  const oldest = listings.keys().next().value;
  if (listings.size > KNOWN && oldest !== undefined) listings.delete(oldest);
}

/**
 * A listing with what the log says was written since; `undefined` when that can't be said from written
 * values alone: something was forgotten, erased, changed in who sees it, or has expired.
 */
export async function followedListing(
  { context, ref, principals }: OpenCube,
  known: PathListing,
  position: Position,
  path: Path,
): Promise<PathListing | undefined> {
  const now = context.clock.now();
  const { vault } = context.storage;
  const { seq, head, epoch } = known.position;
  if (now >= known.until || position.epoch !== epoch) return undefined;
  if (samePosition(position, known.position)) return known;
  if (position.seq <= seq || position.seq - seq > FOLLOWED_COMMITS) return undefined;
  const limit = position.seq - seq + 1;
  const [last, ...entries] = await vault.log(ref, { afterSeq: seq - 1, limit });
  // What is not in the log as it was, or has left hot storage, is not followed.
  if (last?.head !== head || entries.at(-1)?.head !== position.head) return undefined;
  const written = writtenBy(entries);
  if (written === undefined || written.size > FOLLOWED_VALUES) return undefined;
  const ids = [...written.keys()];
  const listing = new Listing(path, known);
  for (let start = 0; start < ids.length; start += LIMITS.pageRows) {
    const some = ids.slice(start, start + LIMITS.pageRows);
    const found = await vault.read(ref, { ids: some, access: { principals }, now });
    const placed = new Set(found.filter((one) => listing.note(one)).map(({ id }) => id));
    if (some.some((id) => written.get(id) === "update" && !placed.has(id))) return undefined;
  }
  return listing.at(position);
}

/** Memories that were written, "update" if one was there before; `undefined` when more was done. */
function writtenBy(entries: readonly LogEntry[]): Map<string, "add" | "update"> | undefined {
  const written = new Map<string, "add" | "update">();
  for (const { body } of entries) {
    for (const { op, memoryId = "" } of commitBodySchema.parse(JSON.parse(body)).changes) {
      if (op === "embed") continue;
      if (op !== "add" && op !== "update") return undefined;
      if (!written.has(memoryId)) written.set(memoryId, op);
    }
  }
  return written;
}

/** What is looked at of a stored value. */
const placedSchema = z.object({
  header: z.object({ expiresAt: z.number().optional(), state: z.enum(MEMORY_STATES) }),
  payload: z.object({ path: z.array(z.string()).min(1).optional() }),
});

/** Collects the paths right beneath which values lie. */
export class Listing {
  readonly #path: Path;
  readonly #paths: Map<string, Path>;
  #until: number;

  constructor(path: Path, before?: PathListing) {
    this.#path = path;
    this.#paths = new Map(before?.paths);
    this.#until = before?.until ?? Infinity;
  }

  /** Notes a version's path, if it has one there. Whether it is a live memory. */
  note({ content }: StoredVersion): boolean {
    const { data } = placedSchema.safeParse(parsedJson(content));
    if (data === undefined || !LIVE_STATES.includes(data.header.state)) return false;
    const { path } = data.payload;
    if (path !== undefined && this.#path.every((element, at) => path[at] === element)) {
      const above = path.slice(0, -1);
      this.#paths.set(JSON.stringify(above), above);
      this.#until = Math.min(this.#until, data.header.expiresAt ?? Infinity);
    }
    return true;
  }

  at(position: Position): PathListing {
    return { position, paths: this.#paths, until: this.#until };
  }
}
