import { createHash } from "node:crypto";

/**
 * 16 bytes that stand for an external key or a session id of a cube in columns with an index. The words
 * themselves are in the content only: pages of an index keep copies of what was erased (see `scrub/`).
 */
export function digestOf(cubeKey: number, value: string): Uint8Array {
  return createHash("sha256").update(`${cubeKey}\n${value}`).digest().subarray(0, 16);
}
