import { textOf } from "../replies.ts";
import type { Reply } from "./connection.ts";

/** Fields of a map, however the client and the protocol's version give it; empty for anything else. */
export function fieldsOf(reply: Reply): ReadonlyMap<string, Reply> {
  const fields = new Map<string, Reply>();
  for (const [name, value] of pairsOf(reply)) fields.set(textOf(name), value);
  return fields;
}

function pairsOf(reply: Reply): Iterable<readonly [Reply, Reply]> {
  if (typeof reply !== "object" || reply === null) return [];
  if (reply instanceof Map) return reply as ReadonlyMap<Reply, Reply>;
  if (!Array.isArray(reply)) return Object.entries(reply as Readonly<Record<string, Reply>>);
  const list = reply as readonly Reply[];
  const pairs: [Reply, Reply][] = [];
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push([list[at], list[at + 1]]);
  return pairs;
}
