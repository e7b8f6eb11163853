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
  return listOf(fields.get("results")).map((result) => {
    const document = fieldsOf(result);
    return { key: textOf(document.get("id")), score: numberOf(document.get("score")) };
  });
}
