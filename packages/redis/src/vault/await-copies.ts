import { type CubeRef, MemCubeError } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { listOf, numberOf } from "../replies.ts";

/** What must have a commit before it is acknowledged. */
export interface Acknowledge {
  readonly replicas: number;
  readonly fsync: boolean;
  /** How long that may take. */
  readonly waitMs: number;
}

/**
 * Waits until as many replicas as asked for, and the master's disk, have all that this connection
 * wrote to the cube's server: WAIT, or WAITAOF from Redis 7.2 on.
 *
 * @throws MemCubeError `MEMCUBE_STORAGE_UNREACHABLE`, outcome "unknown": it is written, but a failover
 * may lose it
 */
export async function awaitCopies(
  connection: RedisConnection,
  ref: CubeRef,
  { replicas, fsync, waitMs }: Acknowledge,
): Promise<void> {
  if (replicas === 0 && !fsync) return;
  const key = connection.keys.cube(ref, "meta");
  const options = { timeoutMs: waitMs * 2 };
  const [onDisk, copies] = fsync
    ? listOf(
        await connection.send(key, ["WAITAOF", "1", String(replicas), String(waitMs)], options),
      ).map(numberOf)
    : [
        1,
        numberOf(await connection.send(key, ["WAIT", String(replicas), String(waitMs)], options)),
      ];
  if ((onDisk ?? 0) >= 1 && (copies ?? 0) >= replicas) return;
  throw new MemCubeError(
    "MEMCUBE_STORAGE_UNREACHABLE",
    "The commit is written, but not yet where it was asked to be: a failover may lose it.",
    { details: { outcome: "unknown", replicas: copies, wanted: replicas } },
  );
}
