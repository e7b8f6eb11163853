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

/** A write with the line of the log that tells of it. */
export interface Mutation {
  readonly write: VaultWrite;
  readonly change: ChangeLine;
}

/** Writes a memory's next version. */
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

/** Writes the cube's header; `expectedVersion` 0 creates the cube. */
export function cubeMutation(ids: Ids, header: CubeHeader, expectedVersion: number): Mutation {
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
  readonly cubeVersion?: number;
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
  const at = clock.now();
  const body = canonicalJson(bodyOf(input, input.commitId ?? ids.id(), at));
  const receipt = await vault.commit({
    cube: input.cube,
    ...(input.epoch === undefined ? {} : { epoch: input.epoch }),
    ...(input.cubeVersion === undefined ? {} : { cubeVersion: input.cubeVersion }),
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
