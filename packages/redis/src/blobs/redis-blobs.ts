import { type BlobStore, MemCubeError, sha256Hex } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { bytesOf, listOf, numberOf, textOf } from "../replies.ts";

/**
 * Longest blob that goes into Redis where there is nowhere else: a value of Redis ends at 512 MB, and
 * one of this size holds up a server for some 50 ms.
 */
const MOST_BYTES = 67_108_864;

const HASH = /^[0-9a-f]{64}$/u;

/**
 * The blob port in Redis: a hash of bytes and a sorted set of their names per tenant. Each call is one
 * command or script, O(bytes), `list` O(log blobs + hashes returned).
 */
export function redisBlobs(connection: RedisConnection): BlobStore {
  const keysOf = (tenantId: string): readonly [string, string] => [
    connection.keys.blobs(tenantId, "data"),
    connection.keys.blobs(tenantId, "order"),
  ];
  return {
    put: async (tenantId, bytes) => {
      connection.checkOpen();
      const sizeBytes = bytes.length;
      if (sizeBytes > MOST_BYTES) throw tooLarge(sizeBytes);
      // A copy: what the caller does with its bytes while the call is under way changes nothing.
      const kept = Buffer.from(bytes);
      const hash = sha256Hex(kept);
      await connection.run("put-blob", keysOf(tenantId), [hash, kept]);
      return { hash, sizeBytes };
    },
    get: async (tenantId, hash) => {
      connection.checkOpen();
      if (!HASH.test(hash)) return undefined;
      const [data] = keysOf(tenantId);
      const reply = await connection.send(data, ["HGET", data, hash], { buffers: true });
      if (reply === null || reply === undefined) return undefined;
      const bytes = new Uint8Array(bytesOf(reply));
      if (sha256Hex(bytes) === hash) return bytes;
      const why = "The content of a blob does not match its hash.";
      throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", why, { details: { hash } });
    },
    has: async (tenantId, hash) => {
      connection.checkOpen();
      const [data] = keysOf(tenantId);
      return (
        HASH.test(hash) && numberOf(await connection.send(data, ["HEXISTS", data, hash])) === 1
      );
    },
    delete: async (tenantId, hash) => {
      connection.checkOpen();
      if (!HASH.test(hash)) return false;
      return numberOf(await connection.run("delete-blob", keysOf(tenantId), [hash])) === 1;
    },
    list: async (tenantId, { after = "", limit }) => {
      connection.checkOpen();
      const [, order] = keysOf(tenantId);
      const from = after === "" ? "-" : `(${after}`;
      const range = ["ZRANGEBYLEX", order, from, "+", "LIMIT", "0", String(limit)];
      return listOf(await connection.send(order, range)).map(textOf);
    },
  };
}

function tooLarge(sizeBytes: number): MemCubeError {
  const why =
    "The blob is too large for Redis. Give the storage a directory or another store for large blobs.";
  return new MemCubeError("MEMCUBE_LIMIT_EXCEEDED", why, {
    details: { sizeBytes, limit: MOST_BYTES },
  });
}
