import { MemCubeError } from "../../errors.ts";
import { cubeHeaderSchema, cubeKey, sha256Hex } from "../../memory/index.ts";
import type {
  CommitReceipt,
  CommitRequest,
  CubeWrite,
  PutWrite,
  VaultWrite,
  VectorWrite,
} from "../../ports/index.ts";
import type { CubeRow, MemoryData } from "../memory-data.ts";
import { enqueueTasks } from "../memory-queue.ts";
import { checkExternalKeys, checkVersions } from "./commit-checks.ts";

/** `Vault.commit`: every check first, then every write. */
export function commit(data: MemoryData, request: CommitRequest): CommitReceipt {
  const key = cubeKey(request.cube);
  const existing = data.cubes.get(key);
  const replayed = existing && receiptSeen(existing, request);
  if (replayed !== undefined) return replayed;

  const cube = checkCube(existing, request);
  checkVersions(cube, request);
  checkExternalKeys(cube, request.writes);

  data.cubes.set(key, cube);
  const receipt = appendToLog(cube, request);
  for (const write of request.writes) applyWrite(data, cube, write);
  enqueueTasks(data.queue, request.tasks, request.at);
  if (request.idempotency !== undefined) {
    const { key: seenKey, expiresAt } = request.idempotency;
    cube.receipts.set(seenKey, { expiresAt, receipt: { ...receipt, replayed: true } });
  }
  return receipt;
}

function receiptSeen(cube: CubeRow, request: CommitRequest): CommitReceipt | undefined {
  if (request.idempotency === undefined) return undefined;
  const seen = cube.receipts.get(request.idempotency.key);
  return seen !== undefined && seen.expiresAt > request.at ? seen.receipt : undefined;
}

/** The cube to write to; a new one, not yet kept, when the commit creates it. */
function checkCube(existing: CubeRow | undefined, request: CommitRequest): CubeRow {
  const creates = request.writes.some(
    (write) => write.op === "cube" && write.expectedVersion === 0,
  );
  const details = { cubeId: request.cube.cubeId };
  if (existing !== undefined) {
    if (!creates) return existing;
    throw new MemCubeError("MEMCUBE_CUBE_EXISTS", "There is a cube of this id.", { details });
  }
  if (!creates) {
    throw new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "There is no cube of this id.", { details });
  }
  if (request.epoch === undefined) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "A new cube needs an epoch.", { details });
  }
  return newCube(request, request.epoch);
}

function newCube(request: CommitRequest, epoch: string): CubeRow {
  return {
    ref: request.cube,
    epoch,
    seq: 0,
    head: "",
    at: 0,
    nextOrdinal: 1,
    headers: [],
    memories: new Map(),
    log: [],
    receipts: new Map(),
    seals: [],
    leases: new Map(),
    marks: new Map(),
    segments: [],
  };
}

function appendToLog(cube: CubeRow, request: CommitRequest): CommitReceipt {
  const { digest, body } = request;
  const seq = cube.seq + 1;
  const at = Math.max(cube.at, request.at);
  const head = sha256Hex(`${cube.head}\n${seq}\n${at}\n${digest}`);
  cube.log.push({ seq, at, digest, head, body });
  Object.assign(cube, { seq, at, head });
  return { position: { epoch: cube.epoch, seq, head }, at, replayed: false, body };
}

function applyWrite(data: MemoryData, cube: CubeRow, write: VaultWrite): void {
  switch (write.op) {
    case "cube":
      return putHeader(cube, write);
    case "put":
      return putVersion(cube, write);
    case "vector":
      return putVector(cube, write);
    case "erase":
      cube.memories.delete(write.id);
      data.usage.get(cubeKey(cube.ref))?.delete(write.id);
  }
}

function putHeader(cube: CubeRow, write: CubeWrite): void {
  const { version, content, salt, commitment } = write;
  const previous = cube.headers.at(-1);
  if (previous !== undefined) previous.toSeq = cube.seq;
  const header = cubeHeaderSchema.parse(JSON.parse(content));
  cube.headers.push({ version, fromSeq: cube.seq, content, salt, commitment, header });
}

function putVersion(cube: CubeRow, write: PutWrite): void {
  const { id, version, content, salt, commitment, index } = write;
  const memory = cube.memories.get(id) ?? { ordinal: cube.nextOrdinal++, versions: [] };
  cube.memories.set(id, memory);
  const previous = memory.versions.at(-1);
  if (previous !== undefined) previous.toSeq = cube.seq;
  const { ordinal } = memory;
  const fromSeq = cube.seq;
  memory.versions.push({ id, version, fromSeq, content, salt, commitment, ordinal, index });
}

function putVector(cube: CubeRow, write: VectorWrite): void {
  const { model, fingerprint, vector } = write;
  const memory = cube.memories.get(write.id);
  if (memory !== undefined) memory.vector = { model, fingerprint, values: vector };
}
