import type { StoredVersion } from "@memcube/core";

import type { Reply } from "../connection/connection.ts";
import { bytesOf, listOf, numberOf, textOf } from "../replies.ts";

/** A version from a row of `scripts/modules/rows.lua`; texts may have come as bytes. */
export function storedVersion(row: Reply): StoredVersion {
  const [id, version, fromSeq, toSeq, ordinal, visibility, salt, commitment, content, ...vector] =
    listOf(row);
  const stored = vectorOf(vector);
  return {
    id: textOf(id),
    version: numberOf(version),
    fromSeq: numberOf(fromSeq),
    ...(isNothing(toSeq) ? {} : { toSeq: numberOf(toSeq) }),
    content: textOf(content),
    salt: textOf(salt),
    commitment: textOf(commitment),
    visibility: textOf(visibility),
    ordinal: numberOf(ordinal),
    ...(stored === undefined ? {} : { vector: stored }),
  };
}

/** What Lua's `false` and a missing field come as. */
export function isNothing(reply: Reply): boolean {
  return reply === null || reply === undefined;
}

function vectorOf([model, fingerprint, bytes]: readonly Reply[]): StoredVersion["vector"] {
  if (isNothing(bytes)) return undefined;
  return {
    model: textOf(model),
    fingerprint: textOf(fingerprint),
    values: toFloats(bytesOf(bytes)),
  };
}

/** Bytes of a reply may lie at any address: floats need a multiple of four. */
function toFloats(bytes: Buffer): Float32Array {
  const own = new Uint8Array(bytes);
  return new Float32Array(own.buffer, 0, Math.floor(own.byteLength / 4));
}
