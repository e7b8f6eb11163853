import { estimateTokens } from "../../../text/index.ts";

/**
 * Size of a piece of a document in tokens. A run of white space is one token however long it is; so
 * that no chunk is all space, eight characters count as one token at least.
 */
export function chunkSize(text: string): number {
  return Math.max(estimateTokens(text), Math.ceil(text.length / 8));
}
