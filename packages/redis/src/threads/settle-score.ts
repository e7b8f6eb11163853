import type { RedisConnection } from "../connection/connection.ts";

interface Settled {
  /** A sorted set. */
  readonly key: string;
  readonly member: string;
  /** Score it was found with: one that was set since stays. */
  readonly found: number;
  /** Its new score; "": it is taken out. @default "" */
  readonly score?: string;
}

/** Takes a member out of a sorted set, or sets its score anew, unless another has set it meanwhile. */
export async function settleScore(
  connection: RedisConnection,
  { key, member, found, score = "" }: Settled,
): Promise<void> {
  await connection.run("settle-score", [key], [member, String(found), score]);
}
