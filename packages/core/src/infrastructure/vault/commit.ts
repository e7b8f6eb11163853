import { isMemCubeError } from "../../errors.ts";
import { emit } from "../../events.ts";
import type { Caller, ChangeLine, CommitBody, Decision, NewTask } from "../../flow/index.ts";
import {
  canonicalJson,
  commitmentOf,
  sha256Hex,
  type CubeHeader,
  type CubeRef,
  type MemoryContent,
} from "../../memory/index.ts";
import type {
  Clock,
  CommitReceipt,
  Ids,
  Vault,
  VaultWrite,
  VersionIndex,
} from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";
import { assertStorableContent, assertStorableHeader } from "./assert-storable.ts";

/** A write with the line of the log that tells of it. */
export interface Mutation {
  readonly write: VaultWrite;
  readonly change: ChangeLine;
}

/**
 * Writes a memory's next version.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a content that could not be read back
 */
export function putMutation(
  ids: Ids,
  put: {
    readonly op: "add" | "update" | "rollback" | "transition" | "forget";
    readonly content: MemoryContent;
    readonly expectedVersion: number;
    readonly index: VersionIndex;
    readonly restored?: number;
  },
): Mutation {
  const { content, expectedVersion } = put;
  assertStorableContent(content);
  const version = expectedVersion + 1;
  const salt = ids.salt();
  const bytes = canonicalJson(content);
  const commitment = commitmentOf(salt, version, bytes);
  const { id, kind, type, state } = content.header;
  return {
    write: {
      op: "put",
      id,
      expectedVersion,
      version,
      content: bytes,
      salt,
      commitment,
      index: put.index,
    },
    change: {
      op: put.op,
      memoryId: id,
      version,
      commitment,
      kind,
      type,
      state,
      ...(put.restored === undefined ? {} : { restored: put.restored }),
    },
  };
}

/**
 * Writes the cube's header; `expectedVersion` 0 creates the cube.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a header that could not be read back
 */
export function cubeMutation(ids: Ids, header: CubeHeader, expectedVersion: number): Mutation {
  assertStorableHeader(header);
  const version = expectedVersion + 1;
  const salt = ids.salt();
  const content = canonicalJson(header);
  const commitment = commitmentOf(salt, version, content);
  return {
    write: { op: "cube", expectedVersion, version, content, salt, commitment },
    change: { op: expectedVersion === 0 ? "cube.create" : "cube.update", version, commitment },
  };
}

export interface CommitInput {
  readonly cube: CubeRef;
  readonly caller: Caller;
  readonly decision: Decision;
  readonly mutations: readonly Mutation[];
  readonly tasks?: readonly NewTask[];
  /** A key of the user's; stored as its SHA-256. */
  readonly idempotencyKey?: string;
  /** The header that the decision looked at. */
  readonly under?: { readonly version: number; readonly commitment: string };
  readonly commitId?: string;
  /** Only for the commit that creates the cube. */
  readonly epoch?: string;
}

/** Makes one atomic commit: canonical body, digest, and the vault's acknowledgement. */
export async function commit(
  vault: Vault,
  clock: Clock,
  ids: Ids,
  input: CommitInput,
): Promise<CommitReceipt> {
  const started = performance.now();
  const at = Math.floor(clock.now());
  const body = canonicalJson(bodyOf(input, input.commitId ?? ids.id(), at));
  const receipt = await vault.commit({
    cube: input.cube,
    ...(input.epoch === undefined ? {} : { epoch: input.epoch }),
    ...(input.under === undefined
      ? {}
      : { cubeVersion: input.under.version, cubeCommitment: input.under.commitment }),
    at,
    body,
    digest: sha256Hex(body),
    ...(input.idempotencyKey === undefined
      ? {}
      : {
          idempotency: {
            key: sha256Hex(input.idempotencyKey),
            expiresAt: at + LIMITS.idempotencyMs,
          },
        }),
    writes: input.mutations.map((mutation) => mutation.write),
    tasks: input.tasks ?? [],
  });
  emit("memcube:commit", {
    ...input.cube,
    seq: receipt.position.seq,
    changes: input.mutations.length,
    ms: performance.now() - started,
  });
  return receipt;
}

/**
 * The receipt of the commit that was made under an idempotency key; `undefined` when there was none.
 * For those who must know before they build a commit that would no longer be possible.
 */
export async function findReceipt(
  vault: Vault,
  clock: Clock,
  cube: CubeRef,
  idempotencyKey: string,
): Promise<CommitReceipt | undefined> {
  const at = Math.floor(clock.now());
  const body = "{}";
  try {
    // INVARIANT: no header has version 0, and the vault looks at the key first: nothing is written.
    return await vault.commit({
      cube,
      cubeVersion: 0,
      at,
      body,
      digest: sha256Hex(body),
      idempotency: { key: sha256Hex(idempotencyKey), expiresAt: at + 1 },
      writes: [],
      tasks: [],
    });
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_CONFLICT")) return undefined;
    throw error;
  }
}

function bodyOf(input: CommitInput, commitId: string, at: number): CommitBody {
  const { caller, cube, decision } = input;
  return {
    format: 1,
    tenantId: cube.tenantId,
    cubeId: cube.cubeId,
    commitId,
    at,
    actor: {
      userId: caller.userId,
      ...(caller.agentId === undefined ? {} : { agentId: caller.agentId }),
      ...(caller.via === undefined ? {} : { via: caller.via }),
      ...(caller.purpose === undefined ? {} : { purpose: caller.purpose }),
    },
    decision: { action: decision.action, rules: [...decision.rules] },
    changes: input.mutations.map((mutation) => mutation.change),
  };
}
