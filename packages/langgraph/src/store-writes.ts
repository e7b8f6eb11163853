import { LIMITS, MemCubeError, pathKey, type JsonValue, type MemCube } from "@memcube/core";

import type { Put } from "./store-operation.ts";
import type { ParsedStoreOptions } from "./store-options.ts";
import { searchText } from "./store-text.ts";

/** Writes and deletes items; of several for one item the last counts. */
export async function putItems(
  cube: MemCube,
  puts: readonly Put[],
  options: ParsedStoreOptions,
  sessionId: string | undefined,
): Promise<void> {
  const last = new Map(puts.map((put) => [pathKey([...put.namespace, put.key]), put]));
  const written = [...last.values()].filter(({ value }) => value !== null);
  const deleted = [...last].flatMap(([key, { value }]) => (value === null ? [key] : []));
  await Promise.all([
    writeItems(cube, written, options, sessionId),
    deleteItems(cube, deleted, options),
  ]);
}

async function writeItems(
  cube: MemCube,
  puts: readonly Put[],
  { index, ttl }: ParsedStoreOptions,
  sessionId: string | undefined,
): Promise<void> {
  if (puts.length === 0) return;
  const { rejected } = await cube.add(
    puts.map((put) => toPayload(put, index.fields)),
    {
      onDuplicate: "update",
      ...(ttl === undefined ? {} : { ttlMs: ttl.defaultMs, retentionMs: ttl.retentionMs }),
      ...(sessionId === undefined ? {} : { sessionId }),
    },
  );
  const [first] = rejected;
  if (first === undefined) return;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `put: ${rejected.length} of ${puts.length} items were not taken, the first at ${first.position}: ${first.message}.`,
    { details: { rejected: [...rejected] } },
  );
}

function toPayload({ namespace, key, value, index }: Put, defaults: readonly string[]) {
  const fields = index === false ? [] : (index ?? defaults);
  const text = searchText(value as JsonValue, fields);
  const path = [...namespace, key];
  return { type: "json", value, path, ...(text === undefined ? {} : { text }) };
}

async function deleteItems(
  cube: MemCube,
  keys: readonly string[],
  { deletion }: ParsedStoreOptions,
): Promise<void> {
  for (let start = 0; start < keys.length; start += LIMITS.commitWrites) {
    const some = keys.slice(start, start + LIMITS.commitWrites);
    if (deletion === "forget") {
      await cube.forgetByKey(some);
      continue;
    }
    const found = await cube.getManyByKey(some);
    if (found.length > 0) await cube.erase(found.map(({ header }) => header.id));
  }
}
