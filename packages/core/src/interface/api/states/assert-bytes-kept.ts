import { MemCubeError } from "../../../errors.ts";
import { canonicalJson, type MemoryContent, type Payload } from "../../../memory/index.ts";

/**
 * What points to bytes is written by `promote` and `keepLora` only: an update changes neither that nor
 * what a state was made from, or rights and erasure would go by something else than the truth.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
export function assertBytesKept(before: MemoryContent, after: MemoryContent): void {
  const same = canonicalJson(bytesOf(before.payload)) === canonicalJson(bytesOf(after.payload));
  const isState = before.payload.type === "kv-state";
  if (same && (!isState || canonicalJson(before.edges) === canonicalJson(after.edges))) return;
  const why =
    "The bytes and sources of a KV state or LoRA are not updated: promote or keep another.";
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", why, { details: { id: before.header.id } });
}

/** The part of a payload that stands for its bytes; `null` when it has none. */
function bytesOf(payload: Payload): unknown {
  if (payload.type === "kv-state") return payload;
  return payload.type === "lora" ? { ...payload, description: undefined } : null;
}
