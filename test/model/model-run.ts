import {
  type CommitInput,
  commitRequest,
  cubeWrite,
  eraseWrite,
  memoryWrite,
} from "@memcube/conformance";
import {
  type CommitReceipt,
  type CubeRef,
  isMemCubeError,
  type Storage,
  type VaultWrite,
} from "@memcube/core";
import assert from "node:assert/strict";

import { commit, type CubeModel, newCube, versionOf, type WriteModel } from "./vault-model.ts";

/** What should be: cubes by id, and the receipts that were given for each. */
export interface Model {
  readonly cubes: Map<string, CubeModel>;
  readonly receipts: Map<string, CommitReceipt[]>;
  readonly tasks: Set<string>;
  /** Numbers commits, so that no two are alike. */
  commits: number;
}

/** What is: handles on one place, which can be lost and opened again. */
export interface Real {
  handles: Storage[];
  readonly reopen: (handle: number) => Promise<Storage>;
  /** Loses every handle without closing it, and gives new ones. */
  readonly crash: () => Promise<Storage[]>;
}

export const TENANT = "tenant";
export const AT = Date.UTC(2024, 0, 1);

export const refOf = (cubeId: string): CubeRef => ({ tenantId: TENANT, cubeId });

/** The write of the port that the model's stands for. */
export function toPort(ref: CubeRef, model: CubeModel | undefined, write: WriteModel): VaultWrite {
  if (write.op === "erase") return eraseWrite(write.id, write.expectedVersion);
  const { hidden, ...rest } = write;
  return memoryWrite(ref, {
    ...rest,
    version: versionOf(model, write),
    deny: hidden ? ["user:bob"] : undefined,
  });
}

/** Commits to both, and sees that the same came of it. */
export async function commitBoth(
  model: Model,
  storage: Storage,
  cubeId: string,
  writes: readonly WriteModel[],
  more: { readonly key?: string; readonly task?: string } = {},
): Promise<void> {
  const before = model.cubes.get(cubeId);
  const outcome = commit(before, writes, more.key);
  const found = await settle(storage, {
    cube: refOf(cubeId),
    at: AT,
    commitId: `commit-${(model.commits += 1)}`,
    writes: writes.map((write) => toPort(refOf(cubeId), before, write)),
    idempotency: more.key === undefined ? undefined : { key: more.key, expiresAt: AT + 1e9 },
    tasks: more.task === undefined ? [] : [taskOf(cubeId, more.task)],
  });
  if ("error" in outcome) {
    assert.deepEqual(found, { error: outcome.error });
  } else if ("replayed" in outcome) {
    const first = model.receipts.get(cubeId)?.[outcome.replayed - 1];
    assert.deepEqual(found, { receipt: { ...first, replayed: true } });
  } else {
    remember(model, cubeId, outcome.cube, found);
    if (more.task !== undefined) model.tasks.add(more.task);
  }
}

type Found = { readonly receipt: CommitReceipt } | { readonly error: string };

/** Commits, and says what came of it. */
export async function settle(storage: Storage, input: CommitInput): Promise<Found> {
  try {
    return { receipt: await storage.vault.commit(commitRequest(input)) };
  } catch (error) {
    if (!isMemCubeError(error)) throw error;
    return { error: error.code };
  }
}

/** Keeps what a commit that must have succeeded gave. */
export function remember(model: Model, cubeId: string, after: CubeModel, found: Found): void {
  if ("error" in found) assert.fail(found.error);
  const { position, replayed } = found.receipt;
  assert.deepEqual([position.epoch, position.seq], [after.epoch, after.states.length]);
  assert.equal(replayed, false);
  model.cubes.set(cubeId, after);
  model.receipts.set(cubeId, [...(model.receipts.get(cubeId) ?? []), found.receipt]);
}

const taskOf = (cubeId: string, key: string) => ({
  key,
  tenantId: TENANT,
  cubeId,
  type: "work",
  payload: { of: key },
});

/** Creates a cube in both, or sees that it is there. */
export async function create(model: Model, storage: Storage, cubeId: string): Promise<void> {
  const epoch = `epoch-${(model.commits += 1)}`;
  const ref = refOf(cubeId);
  const writes = [cubeWrite(ref, { allow: ["everyone"] })];
  const found = await settle(storage, { cube: ref, writes, epoch, at: AT });
  if (model.cubes.has(cubeId)) assert.deepEqual(found, { error: "MEMCUBE_CUBE_EXISTS" });
  else remember(model, cubeId, newCube(epoch), found);
}

/** A model and a storage to begin with: one of the two cubes is there. */
export async function begin(real: Real): Promise<Model> {
  const model: Model = { cubes: new Map(), receipts: new Map(), tasks: new Set(), commits: 0 };
  await create(model, real.handles[0]!, "one");
  return model;
}
