import { z } from "zod";

import type { Page } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { EDGE_TYPES, type MemoryRef } from "../../memory/index.ts";
import type { StoredEdge } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { idSchema, parseInput } from "./options.ts";
import { permittedNow } from "./permitted-now.ts";

const optionsSchema = z.strictObject({
  types: z.array(z.enum(EDGE_TYPES)).min(1).optional(),
  limit: z.int().min(1).max(LIMITS.pageRows).default(100),
  cursor: z.string().optional(),
});

export type DependentsOptions = z.input<typeof optionsSchema>;

/**
 * Edges of this cube's memories that point to a memory of this or another cube of the tenant. A page
 * may hold fewer than `limit` and yet not be the last one.
 */
export async function dependents(
  cube: OpenCube,
  target: string | MemoryRef,
  rawOptions: DependentsOptions = {},
): Promise<Page<StoredEdge>> {
  const options = parseInput(optionsSchema, rawOptions, "options");
  const ref = typeof target === "string" ? { cubeId: cube.ref.cubeId, id: target } : target;
  parseInput(idSchema, ref.id, "target");
  await enter(cube, "memory.read");
  const { types, limit, cursor } = options;
  const page = await cube.context.storage.vault.edgesTo(cube.ref, {
    target: ref,
    access: { principals: cube.principals },
    limit,
    ...(types === undefined ? {} : { types }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  // Expired memories are not there, their edges neither.
  const there = await permittedNow(cube, [...new Set(page.items.map((edge) => edge.from))]);
  return { ...page, items: page.items.filter((edge) => there.has(edge.from)) };
}
