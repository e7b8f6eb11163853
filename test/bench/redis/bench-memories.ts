import { commitRequest, memoryWrite } from "@memcube/conformance";
import type { CommitRequest, CubeRef, PutWrite } from "@memcube/core";

import { makeCorpus } from "../corpus.ts";

const TEXTS = makeCorpus(10_000).map(({ text }) => text);

/** A write of a memory as the core makes it. */
export function benchWrite(cube: CubeRef, id: string, place: number, version = 1): PutWrite {
  const text = `${TEXTS[Math.abs(place) % TEXTS.length]} (${id})`;
  return memoryWrite(cube, { id, text, expectedVersion: version - 1 });
}

export function benchCommit(cube: CubeRef, writes: readonly PutWrite[]): CommitRequest {
  return commitRequest({ cube, writes });
}

/** Fields of a plain hash with the same bytes as the write. */
export function bareFields(write: PutWrite): Record<string, string> {
  return {
    version: String(write.version),
    content: write.content,
    salt: write.salt,
    commitment: write.commitment,
    visibility: write.index.visibility,
    kind: write.index.kind,
    type: write.index.type,
    state: write.index.state,
    at: String(write.index.at),
  };
}

/** Fields of a plain stream entry with the same bytes as the line of the log. */
export function bareLine({ body, digest, at }: CommitRequest): Record<string, string> {
  return { at: String(at), digest, body, head: digest };
}
