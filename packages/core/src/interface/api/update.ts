import {
  canonicalJson,
  fingerprintOf,
  kindOf,
  type Memory,
  type MemoryContent,
  type MemoryHeader,
} from "../../memory/index.ts";
import {
  assertNotFrozen,
  nextState,
  patchEdges,
  patchLabels,
  patchPayload,
  retiresSooner,
  sameContent,
} from "../../operation/lifecycle/index.ts";
import type { z } from "zod";

import { changeMemory } from "./change-memory.ts";
import type { OpenCube } from "./context.ts";
import { permit, type Entered } from "./cube-access.ts";
import {
  parseInput,
  updateOptionsSchema,
  updatePatchSchema,
  type UpdateOptions,
  type UpdatePatch,
} from "./options.ts";
import { assertBytesKept } from "./states/index.ts";

type ParsedPatch = z.output<typeof updatePatchSchema>;
type Mode = z.output<typeof updateOptionsSchema>["mode"];

/**
 * Writes a new version of a memory. `merge` (default) replaces the fields named and adds labels,
 * `append` adds text below, `overwrite` replaces payload, labels and edges; `unset` takes fields away.
 * Nothing is written when nothing changes; a note alone is a change. Who may see a memory is for its
 * owner and the cube's owner to change.
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
    next: (current, state) => {
      if (!thawsOnly(patch)) assertNotFrozen(current.header);
      const now = Math.floor(cube.context.clock.now());
      const content = patched(current, patch, options.mode, now);
      assertMayShareAndRetire(cube, state, current.header, content.header);
      assertBytesKept(current, content);
      return content.note === undefined && sameContent(current, content) ? undefined : content;
    },
  });
}

/**
 * Whoever changes a memory's lists must be its owner or the cube's; whoever has it erased some day, or
 * sooner, must be one who may erase it.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`
 */
export function assertMayShareAndRetire(
  cube: OpenCube,
  state: Entered,
  before: MemoryHeader,
  after: MemoryHeader,
): void {
  const listsOf = ({ allow, deny }: MemoryHeader) => canonicalJson([allow, deny]);
  if (listsOf(before) !== listsOf(after)) permit(cube, state, "memory.share", before);
  if (retiresSooner(before, after)) permit(cube, state, "memory.erase", before);
}

/** Whether the patch does nothing but thaw (and say why). */
function thawsOnly({ frozen, note: _, ...rest }: ParsedPatch): boolean {
  return frozen === false && Object.values(rest).every((value) => value === undefined);
}

function patched(current: Memory, patch: ParsedPatch, mode: Mode, now: number): MemoryContent {
  const { text, payload: fields, tags, entities, edges, note, frozen, unset = [], ...rest } = patch;
  const payload = patchPayload(
    current.payload,
    {
      ...(text === undefined ? {} : { text }),
      ...(fields === undefined ? {} : { payload: fields }),
    },
    mode,
  );
  const kept = Object.entries(current.header).filter(
    ([field]) => !unset.some((each) => each === field),
  );
  const header: MemoryHeader = {
    ...(Object.fromEntries(kept) as unknown as MemoryHeader),
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
  return {
    header,
    payload,
    edges: patchEdges(current.edges, edges, mode),
    ...(note === undefined ? {} : { note }),
  };
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
