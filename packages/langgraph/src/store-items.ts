import { LIVE_STATES, type Memory } from "@memcube/core";
import type { Item } from "@langchain/langgraph-checkpoint";

/** A memory as an item; `undefined` for one that is none: it has no path, or is out of the way. */
export function toItem({ header, payload }: Memory): Item | undefined {
  if (payload.type !== "json" || payload.path === undefined) return undefined;
  if (!LIVE_STATES.includes(header.state)) return undefined;
  return {
    // A copy: the core may give the same memory to others.
    value: structuredClone(payload.value) as Item["value"],
    key: payload.path.at(-1) ?? "",
    namespace: payload.path.slice(0, -1),
    createdAt: new Date(header.createdAt),
    updatedAt: new Date(header.updatedAt),
  };
}
