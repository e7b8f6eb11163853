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
import type { ApiContext, KnownHeader, OpenCube } from "./context.ts";
import { assertUsable } from "./context.ts";

/** Parsed headers kept; each is small. */
const HEADERS_KEPT = 1_000;

/** The header that an operation goes by, and the decision that allowed the operation. */
export interface Entered extends KnownHeader {
  readonly decision: Decision;
  /** Where the log was; left out when the storage was not asked ({@link enterKnown}). */
  readonly position?: Position;
}

/** A cube at the moment of an operation. */
export interface CubeState extends Entered {
  readonly position: Position;
}

/**
 * Reads the cube and decides: every operation starts here, or ahead of it at {@link enterKnown}.
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
  if (stored === undefined) {
    context.headers.delete(cubeKey(ref));
    throw cubeNotFound(ref.cubeId);
  }
  const header = headerOf(context, stored);
  const request = requestOf(principals, ref, header, memory);
  const decision = authorize({ ...request, action });
  if (decision.effect === "forbid") {
    const mayKnow = authorize({ ...request, action: "cube.read" }).effect === "permit";
    throw mayKnow ? forbidden(caller, ref, decision) : cubeNotFound(ref.cubeId);
  }
  const { version, commitment, position } = stored;
  return { header, version, commitment, position, decision };
}

/**
 * Decides by the header that this process saw last, without asking the storage. For a write: the commit
 * names that header and is refused when it is not the cube's any more. For a search that goes ahead: what
 * comes of it is told to nobody before {@link enter} has decided too. `undefined` when no header is known,
 * or when it would not do: the right may just have been given.
 */
export function enterKnown(
  cube: OpenCube,
  action: Action,
  memory?: Pick<GovernanceHeader, "owner">,
): Entered | undefined {
  assertUsable(cube);
  const { context, ref, principals } = cube;
  const known = context.headers.get(cubeKey(ref));
  if (known === undefined) return undefined;
  const decision = authorize({ ...requestOf(principals, ref, known.header, memory), action });
  return decision.effect === "permit" ? { ...known, decision } : undefined;
}

function requestOf(
  principals: readonly Principal[],
  { cubeId }: CubeRef,
  cube: CubeHeader,
  memory: Pick<GovernanceHeader, "owner"> | undefined,
) {
  return {
    principals: new Set<string>(principals),
    cubeId,
    cube,
    ...(memory === undefined ? {} : { memory }),
  };
}

/**
 * Decides one more thing within an operation that has entered the cube: the commit names the
 * header, so both decisions hold when it is written.
 *
 * @throws MemCubeError `MEMCUBE_FORBIDDEN`
 */
export function permit(
  { caller, principals, ref }: OpenCube,
  { header }: Entered,
  action: Action,
  memory?: Pick<GovernanceHeader, "owner">,
): void {
  const decision = authorize({ ...requestOf(principals, ref, header, memory), action });
  if (decision.effect === "forbid") throw forbidden(caller, ref, decision);
}

/** The parsed header of a stored cube; the same one is parsed once. */
export function headerOf(context: ApiContext, stored: StoredCube): CubeHeader {
  const key = cubeKey(stored.ref);
  const { version, commitment } = stored;
  const known = context.headers.get(key);
  if (known?.commitment === commitment) return known.header;
  const header = toCubeHeader(stored);
  context.headers.delete(key);
  context.headers.set(key, { version, commitment, header });
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
