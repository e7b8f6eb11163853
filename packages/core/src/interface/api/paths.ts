import { z } from "zod";

import type { Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, LIVE_STATES, type Path } from "../../memory/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import {
  followedListing,
  knownListing,
  Listing,
  rememberListing,
  type PathListing,
} from "./known-paths.ts";
import { parseInput } from "./options.ts";
import { indexedFilter, pathSchema } from "./where.ts";

const pathsOptionsSchema = z.strictObject({ path: pathSchema.optional() });
export type PathsOptions = z.input<typeof pathsOptionsSchema>;

/**
 * The paths right beneath which values lie that the caller may see, each once, in no order: of
 * `["users", "ada", "diet"]` the path `["users", "ada"]`. With `path`, those that are it or lie beneath.
 * Looks at each of these values the first time, in pages; then at those that were written since, unless
 * values were taken away.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_INVALID_INPUT`
 */
export async function paths(
  cube: OpenCube,
  rawOptions: PathsOptions = {},
): Promise<readonly Path[]> {
  const { path = [] } = parseInput(pathsOptionsSchema, rawOptions, "options");
  const { position } = await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const key = JSON.stringify([cubeKey(ref), principals, path]);
  const known = knownListing(context, key);
  const listing =
    (known && (await followedListing(cube, known, position, path))) ??
    (await listed(cube, position, path));
  rememberListing(context, key, listing);
  return [...listing.paths.values()];
}

/** Looks at every value. What is written meanwhile is found, and found again by the log. */
async function listed(
  { context, ref, principals }: OpenCube,
  position: Position,
  path: Path,
): Promise<PathListing> {
  const listing = new Listing(path);
  let cursor: string | undefined;
  do {
    const page = await context.storage.vault.list(ref, {
      access: { principals },
      filter: { ...indexedFilter({ path }), states: LIVE_STATES },
      now: context.clock.now(),
      order: "oldest",
      limit: LIMITS.pageRows,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const stored of page.items) listing.note(stored);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return listing.at(position);
}
