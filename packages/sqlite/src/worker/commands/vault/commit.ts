import type { CommitReceipt, CommitRequest } from "@memcube/core";
import { createHash } from "node:crypto";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { keyIn } from "../../keys.ts";
import { cubeNotFound, Refusal } from "../../refusal.ts";
import { enqueueTasks } from "../queue/enqueue.ts";
import { CommitWriter } from "./commit-writer.ts";
import { checkExternalKeys, checkVersions, findCurrent } from "./commit-checks.ts";
import { type CubeRow, findCube } from "./cube-row.ts";
import { keepReceipt, receiptSeen } from "./receipts.ts";

/** The receipt without its body where that is the one the caller sent. */
export type Committed = Omit<CommitReceipt, "body"> & { readonly body?: string };

/** `Vault.commit`: every check first, then every write. */
export function commit(context: Context, request: CommitRequest): Committed {
  const { db } = context;
  const existing = findCube(db, request.cube);
  const seen = existing && receiptSeen(db, existing, request);
  if (seen !== undefined) return seen;

  checkCube(existing, request);
  const current = findCurrent(db, existing?.key, request.writes);
  checkVersions(current, request);
  checkExternalKeys(db, existing?.key, request.writes);

  const cube = existing ?? insertCube(db, request);
  const seq = cube.seq + 1;
  const at = Math.max(cube.at, request.at);
  const head = headAfter(cube.head, seq, at, request.digest);
  const writer = new CommitWriter(context, { ref: request.cube, cube, seq, current });
  for (const write of request.writes) writer.write(write);
  writer.finish({ at, head });
  db.run(
    "INSERT INTO log (key, at, digest, head, body) VALUES (?, ?, ?, ?, ?)",
    keyIn(cube.key, seq),
    at,
    request.digest,
    head,
    request.body,
  );
  enqueueTasks(context, { tasks: request.tasks, now: request.at });
  const receipt = { position: { epoch: cube.epoch, seq, head }, at, replayed: false };
  keepReceipt(db, cube.key, request, receipt);
  return receipt;
}

function checkCube(existing: CubeRow | undefined, request: CommitRequest): void {
  const creates = request.writes.some(
    (write) => write.op === "cube" && write.expectedVersion === 0,
  );
  const { cubeId } = request.cube;
  if (existing !== undefined && creates) {
    throw new Refusal("MEMCUBE_CUBE_EXISTS", "There is a cube of this id.", { cubeId });
  }
  if (existing === undefined && !creates) throw cubeNotFound(cubeId);
  if (creates && request.epoch === undefined) {
    throw new Refusal("MEMCUBE_INVALID_INPUT", "A new cube needs an epoch.", { cubeId });
  }
}

function insertCube(db: Connection, { cube, epoch = "" }: CommitRequest): CubeRow {
  db.run(
    `INSERT INTO cube (tenant, id, epoch, seq, head, at, next_ordinal, visibility)
     VALUES (?, ?, ?, 0, '', 0, 1, 0)`,
    cube.tenantId,
    cube.cubeId,
    epoch,
  );
  const row = findCube(db, cube);
  if (row === undefined) throw new TypeError("a cube that was just inserted is not there");
  return row;
}

/** INVARIANT: each head links to the one before; the first to "". */
function headAfter(previous: string, seq: number, at: number, digest: string): string {
  return createHash("sha256").update(`${previous}\n${seq}\n${at}\n${digest}`).digest("hex");
}
