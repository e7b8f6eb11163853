import { isMemCubeError } from "../../errors.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import { assertOpen, type OpenCube } from "./context.ts";
import { enterKnown } from "./cube-access.ts";
import { ensureCube, type Visitor } from "./cubes.ts";

/** The cubes that one session has open. */
export interface SessionCubes {
  /** Id of the caller's own cube. */
  readonly own: string;
  open(
    id: string,
    options: { readonly readOnly: boolean; readonly create?: boolean },
  ): Promise<OpenCube>;
  /** For reading: a user's own cube that was never written to is nothing, and is not created. */
  openIfThere(id: string): Promise<OpenCube | undefined>;
  /** The same, but a cube that this process knows is opened without asking whether it is still there. */
  openAhead(id: string): Promise<OpenCube | undefined>;
  /** A handle to a cube that is there. */
  handle(ref: CubeRef, readOnly: boolean): OpenCube;
  /** Closes every handle to a cube and lets go of its index. */
  close(id: string): Promise<void>;
}

export function sessionCubes(visitor: Visitor): SessionCubes {
  const { context, caller } = visitor;
  const own = `user:${caller.userId}`;
  const mounts = new Map<string, { closed: boolean }>();
  const handle: SessionCubes["handle"] = (ref, readOnly) => {
    const key = cubeKey(ref);
    const mount = mounts.get(key) ?? { closed: false };
    mounts.set(key, mount);
    return { ...visitor, ref, readOnly, mount };
  };
  const open: SessionCubes["open"] = async (id, { readOnly, create = false }) =>
    handle(await ensureCube(visitor, id, create), readOnly);
  const openIfThere: SessionCubes["openIfThere"] = async (id) => {
    try {
      return await open(id, { readOnly: true });
    } catch (error) {
      if (id === own && isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) return undefined;
      throw error;
    }
  };
  return {
    own,
    open,
    handle,
    openIfThere,
    async openAhead(id) {
      const known = handle({ tenantId: caller.tenantId, cubeId: id }, true);
      return enterKnown(known, "memory.read") === undefined ? await openIfThere(id) : known;
    },
    async close(id) {
      assertOpen(context);
      const ref = { tenantId: caller.tenantId, cubeId: id };
      const mount = mounts.get(cubeKey(ref));
      if (mount === undefined) return;
      mount.closed = true;
      mounts.delete(cubeKey(ref));
      await context.operator.indexes.release(ref);
    },
  };
}
