import type { CubeHeader, MemSession } from "@memcube/core";

/** Every cube that the caller may see, by id. */
export async function* visibleCubes(me: MemSession): AsyncGenerator<CubeHeader> {
  let cursor: string | undefined;
  do {
    const page = await me.listCubes({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Ids of the cubes that belong to a user: only an owner may read and verify a log. */
export async function ownedCubes(me: MemSession, userId: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const header of visibleCubes(me)) {
    if (header.owner === `user:${userId}`) ids.push(header.cubeId);
  }
  return ids;
}
