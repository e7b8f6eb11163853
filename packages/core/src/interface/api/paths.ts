import { z } from "zod";

import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type Path } from "../../memory/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { parseInput } from "./options.ts";
import { parsedJson } from "./parsed-json.ts";
import { indexedFilter, pathSchema } from "./where.ts";

const pathsOptionsSchema = z.strictObject({ path: pathSchema.optional() });
export type PathsOptions = z.input<typeof pathsOptionsSchema>;

/** What is looked at of a stored value. */
const placedSchema = z.object({
  payload: z.object({ path: z.array(z.string()).min(1) }),
});

/**
 * The paths right beneath which values lie that the caller may see, each once, in no order: of
 * `["users", "ada", "diet"]` the path `["users", "ada"]`. With `path`, those that are it or lie beneath.
 * Looks at each of these values, in pages.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_INVALID_INPUT`
 */
export async function paths(
  cube: OpenCube,
  rawOptions: PathsOptions = {},
): Promise<readonly Path[]> {
  const { path = [] } = parseInput(pathsOptionsSchema, rawOptions, "options");
  await enter(cube, "memory.read");
  const { context, ref, principals } = cube;
  const found = new Map<string, Path>();
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
    for (const { content } of page.items) {
      const placed = placedSchema.safeParse(parsedJson(content)).data?.payload.path;
      if (placed === undefined || !path.every((element, at) => placed[at] === element)) continue;
      const above = placed.slice(0, -1);
      found.set(JSON.stringify(above), above);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return [...found.values()];
}
