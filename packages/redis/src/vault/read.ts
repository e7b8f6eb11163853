import type { CubeRef, StoredVersion, Vault } from "@memcube/core";

import type { Argument, RedisConnection } from "../connection/connection.ts";
import { numberOf } from "../replies.ts";
import { REPLY_BYTES } from "./reply-bounds.ts";
import { storedVersion } from "./stored-rows.ts";
import type { Views } from "./views.ts";

type ReadQuery = Parameters<Vault["read"]>[1];

/**
 * `Vault.read` and `Vault.readByKey`: in the order asked. Cost: two commands for each id; in the past
 * some more, by the logarithm of its hot versions. Long answers come in several replies.
 */
export async function readMemories(
  parts: { readonly connection: RedisConnection; readonly views: Views },
  ref: CubeRef,
  by: "read-memories" | "read-keys",
  query: Omit<ReadQuery, "ids"> & { readonly names: readonly string[] },
): Promise<StoredVersion[]> {
  const { connection, views } = parts;
  const { access, now, seq, vectors = false } = query;
  const found: StoredVersion[] = [];
  let names = query.names;
  while (names.length > 0) {
    const asked = names;
    const answer = await views.read(ref, access, (view) => {
      const args: Argument[] = [...view, optional(now), optional(seq), vectors ? "1" : "0"];
      args.push(String(REPLY_BYTES), ...asked);
      return connection.run(by, [connection.keys.cube(ref, "meta")], args, { buffers: vectors });
    });
    if (answer === undefined) return found;
    const [looked, ...rows] = answer;
    found.push(...rows.map(storedVersion));
    names = names.slice(numberOf(looked));
  }
  return found;
}

/** A number as an argument; none as empty. */
export function optional(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
