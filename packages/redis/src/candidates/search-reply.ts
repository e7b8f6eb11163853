import { MemCubeError } from "@memcube/core";

import type { Reply } from "../connection/connection.ts";
import { fieldsOf } from "../connection/reply-fields.ts";
import { listOf, numberOf, textOf } from "../replies.ts";

/**
 * Documents of an FT.SEARCH reply, best first.
 *
 * @throws MemCubeError `MEMCUBE_BUSY` when the engine warns: a query that ran out of time looks like
 * one that found little, and only RESP3 says which; `MEMCUBE_NOT_SUPPORTED` for a reply in RESP2
 */
export function readSearchReply(
  reply: Reply,
): readonly { readonly key: string; readonly score: number }[] {
  return documentsOf(reply).map((document) => ({
    key: textOf(document.get("id")),
    score: numberOf(document.get("score")),
  }));
}

/** Keys of the documents of a reply without scores, in its order. @throws as {@link readSearchReply} */
export function readSearchKeys(reply: Reply): readonly string[] {
  return documentsOf(reply).map((document) => textOf(document.get("id")));
}

function documentsOf(reply: Reply): readonly ReadonlyMap<string, Reply>[] {
  if (Array.isArray(reply)) {
    const why = "The query engine needs a client of protocol 3: createClient({ RESP: 3 }).";
    throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why);
  }
  const fields = fieldsOf(reply);
  const warnings = listOf(fields.get("warning") ?? []).map(textOf);
  if (warnings.length > 0) {
    const why = "The query engine did not finish: its answer can't be trusted. Try again.";
    throw new MemCubeError("MEMCUBE_BUSY", why, { details: { warnings } });
  }
  return listOf(fields.get("results")).map(fieldsOf);
}
