import { sha256Hex } from "../memory/index.ts";
import type { Ids } from "../ports/index.ts";

/**
 * Ids in the form of a UUID, rising by creation, and salts: the same ones for the same seed, others
 * for another seed.
 *
 * @param seed any text. @default "memcube"
 */
export function sequentialIds(seed: string = "memcube"): Ids {
  let count = 0;
  const tail = sha256Hex(seed).slice(0, 12);
  return {
    id: () => {
      const digits = (++count).toString(16).padStart(12, "0");
      return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-${tail}`;
    },
    salt: () => sha256Hex(`${seed}\n${++count}`).slice(0, 32),
  };
}
