import { canonicalJson, sha256Hex } from "./canonical.ts";
import type { Payload } from "./payload/index.ts";

/** Format of the bytes below; a change of format is a new number, old versions keep theirs. */
export const COMMITMENT_FORMAT = 1;

/**
 * Commits to a version's content without revealing it: SHA-256 over format, salt, version number and
 * the content's canonical JSON, as it is stored. The salt (32 hexadecimal digits of randomness) is stored with the content and
 * dies with it, so an erased text can't be guessed back from the log.
 */
export function commitmentOf(salt: string, version: number, content: string): string {
  return sha256Hex(`memcube-version/${COMMITMENT_FORMAT}\n${salt}\n${version}\n${content}`);
}

/** Fingerprint of a payload: equal content, equal fingerprint, in whatever cube. */
export function fingerprintOf(payload: Payload): string {
  return sha256Hex(canonicalJson(payload));
}
