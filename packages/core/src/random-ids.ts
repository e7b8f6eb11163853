import { randomBytes, randomUUID } from "node:crypto";

import type { Ids } from "./ports/index.ts";

const SALT_BYTES = 16;
/** One request to the system's generator serves so many salts. */
const POOLED_SALTS = 256;

/** Random UUIDs (RFC 9562 version 4) and salts from the system's generator, drawn in batches. */
export function randomIds(): Ids {
  let pool = Buffer.alloc(0);
  return {
    id: () => randomUUID(),
    salt: () => {
      if (pool.length < SALT_BYTES) pool = randomBytes(SALT_BYTES * POOLED_SALTS);
      const salt = pool.toString("hex", 0, SALT_BYTES);
      pool = pool.subarray(SALT_BYTES);
      return salt;
    },
  };
}
