import { assertNotFrozen, nextState } from "../../operation/lifecycle/index.ts";
import type { Memory } from "../../memory/index.ts";
import { changeMemory } from "./change-memory.ts";
import type { OpenCube } from "./context.ts";
import { changeOptionsSchema, parseInput, type ChangeOptions } from "./options.ts";

/**
 * Forgets a memory: search and lists no longer find it, its history stays, `rollback` brings it
 * back. To destroy its content use `erase`.
 *
 * @throws MemCubeError `MEMCUBE_MEMORY_NOT_FOUND`, `MEMCUBE_CONFLICT`, `MEMCUBE_FROZEN`,
 * `MEMCUBE_BAD_TRANSITION` when it is forgotten already, `MEMCUBE_FORBIDDEN`
 */
export async function forget(
  cube: OpenCube,
  id: string,
  rawOptions: ChangeOptions = {},
): Promise<Memory> {
  const { note, ...options } = parseInput(changeOptionsSchema, rawOptions, "options");
  return await changeMemory(cube, id, {
    action: "memory.forget",
    op: "forget",
    ...options,
    next: ({ header, payload, edges }) => {
      assertNotFrozen(header);
      const state = nextState(header.state, "forget");
      const updatedAt = Math.max(Math.floor(cube.context.clock.now()), header.updatedAt);
      return {
        header: { ...header, state, updatedAt },
        payload,
        edges,
        ...(note === undefined ? {} : { note }),
      };
    },
  });
}
