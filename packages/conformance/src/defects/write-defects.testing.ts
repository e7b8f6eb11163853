import {
  type CommitReceipt,
  type CommitRequest,
  cubeKey,
  isMemCubeError,
  MemCubeError,
  type PutWrite,
  type VaultWrite,
} from "@memcube/core";
import { type MemoryStorage, memoryStorage } from "@memcube/core/testing";

import { type Defect, nextTurn } from "./defect.testing.ts";

type Change = (request: CommitRequest, right: MemoryStorage) => CommitRequest;

/** A storage that writes something else than it was told. */
function commits(change: Change): Defect["breakIt"] {
  return (right) => ({
    vault: { commit: (request) => right.vault.commit(change(request, right)) },
  });
}

/** A storage whose commits do something more, or leave something out, afterwards. */
function afterCommit(
  act: (
    request: CommitRequest,
    receipt: CommitReceipt,
    right: MemoryStorage,
  ) => CommitReceipt | void,
): Defect["breakIt"] {
  return (right) => ({
    vault: {
      commit: async (request) => {
        const receipt = await right.vault.commit(request);
        return act(request, receipt, right) ?? receipt;
      },
    },
  });
}

/** What it would have to be told to be believed: every expected version as it is now. */
function withCurrentVersions(request: CommitRequest, { data }: MemoryStorage): CommitRequest {
  const cube = data.cubes.get(cubeKey(request.cube));
  const current = (write: VaultWrite): number =>
    (write.op === "cube"
      ? cube?.headers.at(-1)?.version
      : cube?.memories.get("id" in write ? write.id : "")?.versions.at(-1)?.version) ?? 0;
  const writes = request.writes.map((write) =>
    write.op === "vector" || write.expectedVersion === undefined
      ? write
      : { ...write, expectedVersion: current(write) },
  );
  return { ...request, writes, cubeVersion: undefined };
}

const vaultDefect = (name: string, breakIt: Defect["breakIt"]): Defect => ({
  port: "vault",
  name,
  breakIt,
});
const mapPuts = (request: CommitRequest, change: (put: PutWrite) => PutWrite): CommitRequest => ({
  ...request,
  writes: request.writes.map((write) => (write.op === "put" ? change(write) : write)),
});

export const writeDefects: readonly Defect[] = [
  vaultDefect("expected versions are ignored", commits(withCurrentVersions)),
  vaultDefect(
    "the header's version is not looked at",
    commits((request) => ({ ...request, cubeVersion: undefined })),
  ),
  vaultDefect(
    "the header's commitment is not looked at",
    commits((request) => ({ ...request, cubeCommitment: undefined })),
  ),
  vaultDefect(
    "the commitment of any header the cube ever had will do",
    commits((request, { data }) => {
      const headers = data.cubes.get(cubeKey(request.cube))?.headers ?? [];
      const known = headers.some(({ commitment }) => commitment === request.cubeCommitment);
      return known ? { ...request, cubeCommitment: undefined } : request;
    }),
  ),
  vaultDefect("the header is looked at before the idempotency key", (right) => ({
    vault: {
      commit: async (request) => {
        const header = await right.vault.cube(request.cube);
        const { cubeCommitment: expected } = request;
        if (expected !== undefined && header !== undefined && header.commitment !== expected) {
          throw new MemCubeError("MEMCUBE_CONFLICT", "another header", {
            details: { id: "@cube", expected, actual: header.commitment },
          });
        }
        return right.vault.commit(request);
      },
    },
  })),
  vaultDefect("versions are checked, and written a moment later", (right) => ({
    vault: { commit: (request) => checkThenWrite(right, request) },
  })),
  vaultDefect(
    "versions are counted up instead of taken",
    commits((request) => mapPuts(request, (put) => ({ ...put, version: put.expectedVersion + 1 }))),
  ),
  vaultDefect(
    "a memory may have the id of the header",
    commits((request) => ({
      ...request,
      writes: request.writes.map((write) =>
        write.op !== "cube" && write.id === "@cube" ? { ...write, id: "cube" } : write,
      ),
    })),
  ),
  vaultDefect("a duplicate external key is accepted", (right) => ({
    vault: {
      commit: (request) =>
        right.vault.commit(request).catch((error: unknown) => {
          if (!isMemCubeError(error, "MEMCUBE_DUPLICATE_KEY")) throw error;
          const without = (put: PutWrite) => ({
            ...put,
            index: { ...put.index, externalKey: undefined },
          });
          return right.vault.commit(mapPuts(request, without));
        }),
    },
  })),
  vaultDefect("a second creation replaces the cube", (right) => ({
    vault: {
      commit: async (request) => {
        const creates =
          request.writes.some(({ op }) => op === "cube") && request.epoch !== undefined;
        if (creates && request.idempotency === undefined) await right.vault.dropCube(request.cube);
        return right.vault.commit(request);
      },
    },
  })),
  vaultDefect(
    "idempotency keys are forgotten at once",
    commits((request) => ({ ...request, idempotency: undefined })),
  ),
  vaultDefect(
    "idempotency keys never expire",
    commits(({ idempotency, ...request }) => ({
      ...request,
      idempotency: idempotency && { ...idempotency, expiresAt: Infinity },
    })),
  ),
  vaultDefect(
    "a replay tells the position of now",
    afterCommit((request, receipt, { data }) => {
      const cube = data.cubes.get(cubeKey(request.cube));
      if (!receipt.replayed || cube === undefined) return receipt;
      const { epoch, seq, head } = cube;
      return { ...receipt, position: { epoch, seq, head } };
    }),
  ),
  vaultDefect("a receipt is looked up in the hot log", (right) => ({
    vault: {
      addSegment: async (ref, segment) => {
        await right.vault.addSegment(ref, segment);
        right.data.cubes.get(cubeKey(ref))?.receipts.clear();
      },
    },
  })),
  vaultDefect(
    "sequence numbers have gaps",
    afterCommit((request, _receipt, { data }) => {
      const cube = data.cubes.get(cubeKey(request.cube));
      if (cube !== undefined) cube.seq += 1;
    }),
  ),
  vaultDefect(
    "heads don't link to the commit before",
    afterCommit((request, _receipt, { data }) => {
      const cube = data.cubes.get(cubeKey(request.cube));
      if (cube !== undefined) cube.head = "";
    }),
  ),
  vaultDefect(
    "time goes back when a writer's clock does",
    afterCommit((request, _receipt, { data }) => {
      const cube = data.cubes.get(cubeKey(request.cube));
      if (cube !== undefined) cube.at = 0;
    }),
  ),
  vaultDefect("the epoch of a new cube is always the same", commits(withFixedEpoch)),
  vaultDefect("a vector is stored with all of its buffer", commits(withWholeBuffers)),
  vaultDefect("a vector is written as a version", commits(withVectorsAsVersions)),
  vaultDefect("ids are compared without case", (right) => ({
    vault: {
      commit: (request) =>
        right.vault.commit(mapPuts(request, (put) => ({ ...put, id: put.id.toLowerCase() }))),
      read: (ref, query) =>
        right.vault.read(ref, { ...query, ids: query.ids.map((id) => id.toLowerCase()) }),
    },
  })),
  {
    port: "queue",
    name: "tasks of a commit are forgotten",
    breakIt: commits((request) => ({ ...request, tasks: [] })),
  },
  {
    port: "queue",
    name: "tasks are queued before the commit is known to succeed",
    breakIt: (right) => ({
      vault: {
        commit: async (request) => {
          await right.queue.enqueue(request.tasks, request.at);
          return right.vault.commit(request);
        },
      },
    }),
  },
];

async function checkThenWrite(
  right: MemoryStorage,
  request: CommitRequest,
): Promise<CommitReceipt> {
  const copy = memoryStorage({ from: right.snapshot() });
  await copy.vault.commit(request);
  await nextTurn();
  return right.vault.commit(withCurrentVersions(request, right));
}

function withFixedEpoch(request: CommitRequest): CommitRequest {
  return request.epoch === undefined ? request : { ...request, epoch: "epoch" };
}

function withWholeBuffers(request: CommitRequest): CommitRequest {
  return {
    ...request,
    writes: request.writes.map((write) =>
      write.op === "vector" ? { ...write, vector: new Float32Array(write.vector.buffer) } : write,
    ),
  };
}

function withVectorsAsVersions(request: CommitRequest, { data }: MemoryStorage): CommitRequest {
  const cube = data.cubes.get(cubeKey(request.cube));
  const versions = request.writes.flatMap((write): PutWrite[] => {
    const current =
      write.op === "vector" ? cube?.memories.get(write.id)?.versions.at(-1) : undefined;
    if (current === undefined) return [];
    const { id, version, content, salt, commitment, index } = current;
    const kept = { id, content, salt, commitment, index };
    return [{ op: "put", expectedVersion: version, version: version + 1, ...kept }];
  });
  return { ...request, writes: [...versions, ...request.writes] };
}
