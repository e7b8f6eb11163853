import { z } from "zod";

import { putMutation, toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
import { versionIndexOf } from "../../operation/operator/index.ts";
import { assertUsable, type OpenCube } from "./context.ts";
import { parseInput } from "./options.ts";
import { write, type Draft } from "./write.ts";

const renewOptionsSchema = z.strictObject({
  /** Milliseconds from now until they expire. */
  ttlMs: z.int().min(1),
  /** Share of that time, 0 to 1, that must have passed before an expiry is put off again. @default 0 */
  after: z.number().min(0).max(1).default(0),
  signal: z.instanceof(AbortSignal).optional(),
});
export type RenewOptions = z.input<typeof renewOptionsSchema>;

/**
 * Puts off the expiry of memories as they were read, in one commit; `updatedAt` stays, for nothing that
 * they say has changed. Those without an expiry, frozen ones and those whose time has hardly begun are left
 * alone, without a look into the storage. How many were renewed.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`, `MEMCUBE_READ_ONLY`, `MEMCUBE_BUSY`
 */
export async function renew(
  cube: OpenCube,
  memories: readonly Memory[],
  rawOptions: RenewOptions,
): Promise<number> {
  const { ttlMs, after, signal } = parseInput(renewOptionsSchema, rawOptions, "options");
  assertUsable(cube);
  const { context, ref, principals } = cube;
  const isDue = ({ header: { expiresAt, frozen } }: Memory): boolean => {
    if (expiresAt === undefined || frozen) return false;
    const left = expiresAt - context.clock.now();
    return left > 0 && left < ttlMs && left <= ttlMs * (1 - after);
  };
  const ids = memories
    .filter(isDue)
    .slice(0, LIMITS.commitWrites)
    .map(({ header }) => header.id);
  if (ids.length === 0) return 0;
  const written = await write(cube, {
    action: "memory.update",
    drafts: async () => {
      const now = context.clock.now();
      const stored = await context.storage.vault.read(ref, { ids, access: { principals }, now });
      return stored
        .map((version) => toMemory(ref, version))
        .filter(isDue)
        .map((memory) => renewed(cube, memory, Math.floor(now) + ttlMs));
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return written?.drafts.length ?? 0;
}

function renewed({ context }: OpenCube, memory: Memory, expiresAt: number): Draft {
  const { header, payload, edges, version } = memory;
  const content = { header: { ...header, expiresAt }, payload, edges };
  const mutation = putMutation(context.ids, {
    op: "update",
    content,
    expectedVersion: version.number,
    index: versionIndexOf(content),
  });
  return { mutation, content };
}
