import type { CubeRef, Position, StoredCube } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { isNothing } from "./stored-rows.ts";

/** The cube as stored. Cost: one HMGET. */
export async function readCube(
  connection: RedisConnection,
  ref: CubeRef,
): Promise<StoredCube | undefined> {
  const key = connection.keys.cube(ref, "meta");
  const fields = ["e", "s", "h", "a", "v", "c", "t", "k"];
  const reply = listOf(await connection.send(key, ["HMGET", key, ...fields]));
  const [epoch, seq, head, at, version, content, salt, commitment] = reply;
  if (isNothing(epoch)) return undefined;
  return {
    ref: { tenantId: ref.tenantId, cubeId: ref.cubeId },
    version: numberOf(version),
    content: textOf(content),
    salt: textOf(salt),
    commitment: textOf(commitment),
    position: { epoch: textOf(epoch), seq: numberOf(seq), head: textOf(head) },
    at: numberOf(at),
  };
}

/** Where the cube's log is. Cost: one HMGET. */
export async function readPosition(
  connection: RedisConnection,
  ref: CubeRef,
): Promise<Position | undefined> {
  const key = connection.keys.cube(ref, "meta");
  const [epoch, seq, head] = listOf(await connection.send(key, ["HMGET", key, "e", "s", "h"]));
  if (isNothing(epoch)) return undefined;
  return { epoch: textOf(epoch), seq: numberOf(seq), head: textOf(head) };
}
