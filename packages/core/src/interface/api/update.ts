import {
  fingerprintOf,
  kindOf,
  type Memory,
  type MemoryContent,
  type MemoryHeader,
} from "../../memory/index.ts";
import {
  assertNotFrozen,
  nextState,
  patchLabels,
  patchPayload,
  sameContent,
} from "../../operation/lifecycle/index.ts";
import type { z } from "zod";

import { changeMemory } from "./change-memory.ts";
import type { OpenCube } from "./context.ts";
import {
  parseInput,
  updateOptionsSchema,
  updatePatchSchema,
  type UpdateOptions,
  type UpdatePatch,
} from "./options.ts";

type ParsedPatch = z.output<typeof updatePatchSchema>;
type Mode = z.output<typeof updateOptionsSchema>["mode"];

/**
 * Writes a new version of a memory. `merge` (default) replaces the fields named and adds labels,
 * `append` adds text below, `overwrite` replaces payload and labels. Nothing is written when nothing
 * changes.
 *
 * @throws MemCubeError `MEMCUBE_MEMORY_NOT_FOUND`, `MEMCUBE_CONFLICT` (expected version),
 * `MEMCUBE_FROZEN`, `MEMCUBE_INVALID_INPUT`, `MEMCUBE_FORBIDDEN`
 */
export async function update(
  cube: OpenCube,
  id: string,
  rawPatch: UpdatePatch,
  rawOptions: UpdateOptions = {},
): Promise<Memory> {
  const patch = parseInput(updatePatchSchema, rawPatch, "patch");
  const options = parseInput(updateOptionsSchema, rawOptions, "options");
  return await changeMemory(cube, id, {
    action: "memory.update",
    op: "update",
    ...options,
    next: (current) => {
      if (patch.frozen !== false) assertNotFrozen(current.header);
      const content = patched(current, patch, options.mode, cube.context.clock.now());
      return sameContent(current, content) ? undefined : content;
    },
  });
}

function patched(current: Memory, patch: ParsedPatch, mode: Mode, now: number): MemoryContent {
  const { text, payload: fields, tags, entities, edges, note, frozen, ...rest } = patch;
  const payload = patchPayload(
    current.payload,
    {
      ...(text === undefined ? {} : { text }),
      ...(fields === undefined ? {} : { payload: fields }),
    },
    mode,
  );
  const header: MemoryHeader = {
    ...current.header,
    ...withoutUndefined(rest),
    kind: kindOf(payload),
    type: payload.type,
    tags: patchLabels(current.header.tags, tags, mode),
    entities: patchLabels(current.header.entities, entities, mode),
    state: nextState(current.header.state, "activate"),
    frozen: frozen ?? current.header.frozen,
    updatedAt: Math.max(now, current.header.updatedAt),
    fingerprint: fingerprintOf(payload),
  };
  const next =
    edges === undefined
      ? current.edges
      : mode === "overwrite"
        ? edges
        : [...current.edges, ...edges];
  return { header, payload, edges: next, ...(note === undefined ? {} : { note }) };
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
