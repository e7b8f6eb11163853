import { z } from "zod";

import { isMemCubeError, MemCubeError } from "../../errors.ts";
import type { Caller, Page } from "../../flow/index.ts";
import { authorize } from "../../infrastructure/governance/index.ts";
import {
  blobsOfCube,
  commit,
  cubeMutation,
  dropLater,
  dropUnusedBlobs,
} from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { CubeHeader, CubeRef, Principal } from "../../memory/index.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { assertOpen } from "./context.ts";
import { enterAs, forbidden, headerOf } from "./cube-access.ts";
import {
  createCubeOptionsSchema,
  idSchema,
  parseInput,
  type CreateCubeOptions,
} from "./options.ts";
import { forgetInEngines } from "./states/index.ts";
import { write } from "./write.ts";

/** Somebody at the door: a caller with the principals they act as. */
export interface Visitor {
  readonly context: ApiContext;
  readonly caller: Caller;
  readonly principals: readonly Principal[];
}

/**
 * Creates a cube that only its owner sees, unless lists say otherwise. Cube ids are unique in the
 * tenant; `user:<id>` belongs to that user.
 *
 * @throws MemCubeError `MEMCUBE_CUBE_EXISTS`, `MEMCUBE_FORBIDDEN` for another user's `user:` cube
 */
export async function createCube(
  visitor: Visitor,
  cubeId: string,
  rawOptions: CreateCubeOptions = {},
): Promise<CubeRef> {
  const { context, caller, principals } = visitor;
  assertOpen(context);
  const options = parseInput(createCubeOptionsSchema, rawOptions, "options");
  const ref = { tenantId: caller.tenantId, cubeId: parseInput(idSchema, cubeId, "cubeId") };
  const decision = authorize({
    principals: new Set<string>(principals),
    action: "cube.create",
    cubeId,
  });
  if (decision.effect === "forbid") throw forbidden(caller, ref, decision);
  const now = context.clock.now();
  assertNotLockedOut(visitor, options.deny);
  const { title, description, tags = [], allow = [], deny = [], writers = [] } = options;
  const header: CubeHeader = {
    ...ref,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    tags,
    createdAt: now,
    updatedAt: now,
    owner: `user:${caller.userId}`,
    allow,
    deny,
    writers,
  };
  const receipt = await commit(context.storage.vault, context.clock, context.ids, {
    cube: ref,
    caller,
    decision,
    epoch: context.ids.id(),
    mutations: [cubeMutation(context.ids, header, 0)],
  });
  context.usage.welcome(ref);
  context.operator.indexes.feed(ref, receipt.position, {});
  context.keeper.note(ref);
  return ref;
}

/** Opens a cube; with `create` it is made when it is not there. */
export async function ensureCube(
  visitor: Visitor,
  cubeId: string,
  create: boolean,
): Promise<CubeRef> {
  const { context, caller, principals } = visitor;
  assertOpen(context);
  const ref = { tenantId: caller.tenantId, cubeId: parseInput(idSchema, cubeId, "cubeId") };
  try {
    await enterAs(context, caller, principals, ref, "cube.read");
    return ref;
  } catch (error) {
    if (!create || !isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) throw error;
  }
  try {
    return await createCube(visitor, cubeId);
  } catch (error) {
    // Somebody (another process of the same user) created it just now: then it is opened.
    if (!isMemCubeError(error, "MEMCUBE_CUBE_EXISTS")) throw error;
    await enterAs(context, caller, principals, ref, "cube.read");
    return ref;
  }
}

const listCubesSchema = z.strictObject({
  limit: z.int().min(1).max(LIMITS.pageRows).default(100),
  cursor: z.string().optional(),
  withTotal: z.boolean().default(false),
});

export type ListCubesOptions = z.input<typeof listCubesSchema>;

/** Cubes the caller may read, by id, one page. */
export async function listCubes(
  { context, caller, principals }: Visitor,
  rawOptions: ListCubesOptions = {},
): Promise<Page<CubeHeader>> {
  assertOpen(context);
  const { limit, cursor, withTotal } = parseInput(listCubesSchema, rawOptions, "options");
  const page = await context.storage.vault.cubes({
    tenantId: caller.tenantId,
    access: { principals },
    limit,
    withTotal,
    ...(cursor === undefined ? {} : { cursor }),
  });
  return { ...page, items: page.items.map((stored) => headerOf(context, stored)) };
}

/** Changes title, lists or tags of a cube: a change of who may see it is this one commit. */
export async function configureCube(
  cube: OpenCube,
  rawPatch: CreateCubeOptions,
): Promise<CubeHeader> {
  const patch = parseInput(createCubeOptionsSchema, rawPatch, "patch");
  let next: CubeHeader | undefined;
  assertNotLockedOut(cube, patch.deny);
  await write(cube, {
    action: "cube.update",
    drafts: ({ header, version }) => {
      const updatedAt = Math.max(cube.context.clock.now(), header.updatedAt);
      const given = Object.entries(patch).filter(([, value]) => value !== undefined);
      next = { ...header, ...Object.fromEntries(given), updatedAt };
      return [{ mutation: cubeMutation(cube.context.ids, next, version) }];
    },
  });
  if (next === undefined) throw new TypeError("a configuration writes a header");
  return next;
}

/**
 * Deny wins, also over the owner: a list that names them would leave a cube that nobody can open.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
function assertNotLockedOut(
  { principals }: Pick<Visitor, "principals">,
  deny: readonly Principal[] = [],
): void {
  const own = deny.find((principal) => principals.includes(principal));
  if (own === undefined) return;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `Denying ${own} would lock you out of your own cube. Leave others off { allow } instead.`,
    { details: { deny: own } },
  );
}

/**
 * Deletes a cube with everything in it, its log and its blobs included. For its owner.
 *
 * @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND`, `MEMCUBE_FORBIDDEN`
 */
export async function deleteCube(
  { context, caller, principals }: Visitor,
  cubeId: string,
): Promise<void> {
  assertOpen(context);
  const ref = { tenantId: caller.tenantId, cubeId };
  await enterAs(context, caller, principals, ref, "cube.delete");
  await context.keeper.forget(ref);
  const hashes = await blobsOfCube(context.storage, ref);
  await context.operator.indexes.release(ref, { persist: false });
  await context.operator.indexes.dropPersisted(ref);
  await context.usage.forget(ref);
  await dropLater(context.storage.queue, ref, hashes, context.clock.now());
  // Before, so that a process that dies leaves no prompts of a cube that is gone; and those asked meanwhile.
  await forgetInEngines(context, ref);
  await context.storage.vault.dropCube(ref);
  await forgetInEngines(context, ref);
  await dropUnusedBlobs(context.storage, ref, hashes);
  context.operator.memories.clear();
  context.headers.clear();
}
