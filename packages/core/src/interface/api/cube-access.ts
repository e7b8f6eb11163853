import { MemCubeError } from "../../errors.ts";
import type { Action, Caller, Decision, Position } from "../../flow/index.ts";
import { authorize } from "../../infrastructure/governance/index.ts";
import { toCubeHeader } from "../../infrastructure/vault/index.ts";
import {
  cubeKey,
  type CubeHeader,
  type CubeRef,
  type GovernanceHeader,
  type Principal,
} from "../../memory/index.ts";
import type { StoredCube } from "../../ports/index.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { assertUsable } from "./context.ts";

/** Parsed headers kept; each is small. */
const HEADERS_KEPT = 1_000;

/** A cube at the moment of an operation, and the decision that allowed the operation. */
export interface CubeState {
  readonly header: CubeHeader;
  readonly version: number;
  readonly position: Position;
  readonly decision: Decision;
}

/**
 * Reads the cube and decides: every operation starts here.
 *
 * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND` when there is none or the caller may not know of it,
 * `MEMCUBE_FORBIDDEN` when the caller sees the cube but may not do this
 */
export async function enter(
  cube: OpenCube,
  action: Action,
  memory?: Pick<GovernanceHeader, "owner">,
): Promise<CubeState> {
  assertUsable(cube);
  return await enterAs(cube.context, cube.caller, cube.principals, cube.ref, action, memory);
}

/** The same before there is a handle. */
export async function enterAs(
  context: ApiContext,
  caller: Caller,
  principals: readonly Principal[],
  ref: CubeRef,
  action: Action,
  memory?: Pick<GovernanceHeader, "owner">,
): Promise<CubeState> {
  const stored = await context.storage.vault.cube(ref);
  if (stored === undefined) throw cubeNotFound(ref.cubeId);
  const header = headerOf(context, stored);
  const request = {
    principals: new Set<string>(principals),
    cubeId: ref.cubeId,
    cube: header,
    ...(memory === undefined ? {} : { memory }),
  };
  const decision = authorize({ ...request, action });
  if (decision.effect === "forbid") {
    const mayKnow = authorize({ ...request, action: "cube.read" }).effect === "permit";
    throw mayKnow ? forbidden(caller, ref, decision) : cubeNotFound(ref.cubeId);
  }
  return { header, version: stored.version, position: stored.position, decision };
}

/**
 * Decides one more thing within an operation that has entered the cube: the commit carries the
 * header's version, so both decisions hold when it is written.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`
 */
export function permit(
  { caller, principals, ref }: OpenCube,
  { header }: CubeState,
  action: Action,
  memory?: Pick<GovernanceHeader, "owner">,
): void {
  const decision = authorize({
    principals: new Set<string>(principals),
    action,
    cubeId: ref.cubeId,
    cube: header,
    ...(memory === undefined ? {} : { memory }),
  });
  if (decision.effect === "forbid") throw forbidden(caller, ref, decision);
}

/** The parsed header of a stored cube; the same version is parsed once. */
export function headerOf(context: ApiContext, stored: StoredCube): CubeHeader {
  const key = cubeKey(stored.ref);
  const { version } = stored;
  const { epoch } = stored.position;
  const known = context.headers.get(key);
  if (known?.version === version && known.epoch === epoch) return known.header;
  const header = toCubeHeader(stored);
  context.headers.delete(key);
  context.headers.set(key, { epoch, version, header });
  const oldest = context.headers.keys().next().value;
  if (context.headers.size > HEADERS_KEPT && oldest !== undefined) context.headers.delete(oldest);
  return header;
}

/** What was refused, in words. */
const DEEDS: Readonly<Record<Action, string>> = {
  "cube.create": "create the cube",
  "cube.read": "open the cube",
  "cube.update": "change the settings of cube",
  "cube.delete": "delete the cube",
  "memory.read": "read memories of cube",
  "memory.add": "add memories to cube",
  "memory.update": "update memories of cube",
  "memory.share": "change who may see these memories of cube",
  "memory.forget": "forget memories of cube",
  "memory.erase": "erase these memories of cube",
  "memory.rollback": "roll back memories of cube",
  "log.read": "read the log of cube",
};

/** The same words whether there is no such cube or the caller may not know. */
export function cubeNotFound(cubeId: string): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_CUBE_NOT_FOUND",
    `No cube ${JSON.stringify(cubeId)} that this caller may open. createCube() makes one.`,
    { details: { cubeId } },
  );
}

/** The same words whether there is no such memory or the caller may not know. */
export function memoryNotFound(cubeId: string, id: string): MemCubeError {
  return new MemCubeError("MEMCUBE_MEMORY_NOT_FOUND", `No memory ${id} in cube ${cubeId}.`, {
    details: { cubeId, id },
  });
}

export function forbidden(caller: Caller, ref: CubeRef, decision: Decision): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_FORBIDDEN",
    `User ${caller.userId} may not ${DEEDS[decision.action]} ${ref.cubeId}.`,
    { details: { cubeId: ref.cubeId, action: decision.action, rules: decision.rules } },
  );
}
