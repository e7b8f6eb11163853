import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import { blobsOfMemory, mayHaveBlobs } from "../../infrastructure/vault/index.ts";
import type { CubeHeader, Principal } from "../../memory/index.ts";
import type { OpenCube } from "./context.ts";
import { enter, memoryNotFound } from "./cube-access.ts";
import { changeOptionsSchema, idListSchema, parseInput, type ChangeOptions } from "./options.ts";
import { scrub, scrubTask } from "./states/index.ts";
import { write } from "./write.ts";

const ownedSchema = z.object({ header: z.object({ owner: z.string() }) });

/**
 * Destroys memories with all their versions, vectors, index terms and usage. What stays is the log's
 * line that somebody erased this id. When it returns, history segments and the persisted index hold
 * nothing of them either, and KV states made from them are erased too. The owner of the cube may, also
 * what she can't see; a writer may erase memories of their own.
 *
 * @returns ids that were there; one of another's that the caller may not see counts as not there
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_CONFLICT` (expected version, one id only)
 */
export async function erase(
  cube: OpenCube,
  rawIds: string | readonly string[],
  rawOptions: Omit<ChangeOptions, "note"> = {},
): Promise<readonly string[]> {
  const { expectedVersion, signal } = parseInput(changeOptionsSchema, rawOptions, "options");
  const parsed = parseInput(idListSchema, rawIds, "ids");
  const ids = [...new Set(typeof parsed === "string" ? [parsed] : parsed)];
  if (expectedVersion !== undefined && ids.length > 1) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "An expected version goes with one id only.");
  }
  const { header } = await enter(cube, "cube.read");
  const { context, ref } = cube;
  const taskKey = context.ids.id();
  let erased: string[] = [];
  const found = await erasable(cube, header, ids);
  if (found.length === 0 && expectedVersion !== undefined) {
    throw memoryNotFound(ref.cubeId, ids.join(", "));
  }
  // What was counted before would come back with the next batch of counters.
  await context.usage.forget(
    ref,
    found.map(({ id }) => id),
  );
  const blobs: string[] = [];
  for (const { id } of found.filter((each) => each.mayHaveBlobs)) {
    blobs.push(...(await blobsOfMemory(context.storage, ref, id)));
  }
  const written = await write(cube, {
    action: "memory.erase",
    ...decidingOwner(cube, found),
    expectsVersion: expectedVersion !== undefined,
    ...(signal === undefined ? {} : { signal }),
    drafts: () => {
      erased = found.map(({ id }) => id);
      for (const { id, version } of found) assertVersion(id, version, expectedVersion);
      return erased.map((id) => ({
        mutation: {
          write: {
            op: "erase",
            id,
            ...(expectedVersion === undefined ? {} : { expectedVersion }),
          },
          change: { op: "erase", memoryId: id },
        },
      }));
    },
    tasks: () => [scrubTask(ref, taskKey, { ids: erased, blobs })],
  });
  // The task makes sure of it after a crash; here we wait until it is done.
  if (written.receipt !== undefined) await scrub(context, ref, { ids: erased, blobs });
  return erased;
}

interface Erasable {
  readonly id: string;
  readonly version: number;
  readonly mayHaveBlobs: boolean;
  /** Left out when the content can't be read: it can be erased all the same. */
  readonly owner?: Principal;
}

/**
 * What is there, whether the caller may read it or not; but of another's memories, which only the owner
 * of the cube erases, others are not told when they may not see them.
 */
async function erasable(
  cube: OpenCube,
  header: CubeHeader,
  ids: readonly string[],
): Promise<readonly Erasable[]> {
  const { vault } = cube.context.storage;
  const { ref, principals } = cube;
  const stored = await vault.read(ref, { ids, access: { system: "write" } });
  const found = stored.map(({ id, version, content }) => ({
    id,
    version,
    owner: ownerIn(content),
    mayHaveBlobs: mayHaveBlobs(content),
  }));
  if (principals.includes(header.owner)) return found;
  const visible = await vault.read(ref, { ids, access: { principals } });
  const seen = new Set(visible.map(({ id }) => id));
  return found.filter(
    ({ id, owner }) => seen.has(id) || (owner !== undefined && principals.includes(owner)),
  );
}

/** The owner by the stored content, without its schema: also of what no schema reads. */
function ownerIn(content: string): Principal | undefined {
  try {
    return ownedSchema.parse(JSON.parse(content)).header.owner as Principal;
  } catch {
    return undefined;
  }
}

function assertVersion(id: string, actual: number, expected: number | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new MemCubeError(
    "MEMCUBE_CONFLICT",
    `Memory ${id} is at version ${actual}, not ${expected}. Read it again and decide anew.`,
    { details: { id, expected, actual } },
  );
}

/**
 * The owner that the rule about one's own memories looks at: another's, if any of them is another's. None
 * when one is not known; then only the owner of the cube may.
 */
function decidingOwner({ principals }: OpenCube, found: readonly Erasable[]) {
  const another = found.find(({ owner }) => owner === undefined || !principals.includes(owner));
  const { owner } = another ?? found[0] ?? {};
  return owner === undefined ? undefined : { memory: { owner } };
}
