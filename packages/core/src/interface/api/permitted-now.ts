import { LIMITS } from "../../limits.ts";
import type { OpenCube } from "./context.ts";

/**
 * Which of the ids are memories that the caller may see as they are now. What was restricted, has
 * expired or was erased since takes its past along: a version of another time is shown only when its own
 * class and the current version's class permit.
 */
export async function permittedNow(
  { context, ref, principals }: OpenCube,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const permitted = new Set<string>();
  const now = context.clock.now();
  for (let start = 0; start < ids.length; start += LIMITS.pageRows) {
    const slice = ids.slice(start, start + LIMITS.pageRows);
    const query = { ids: slice, access: { principals }, now };
    for (const { id } of await context.storage.vault.read(ref, query)) permitted.add(id);
  }
  return permitted;
}
