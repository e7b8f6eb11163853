import { isMemCubeError, MemCubeError } from "@memcube/core";
import { setTimeout as sleep } from "node:timers/promises";

import type { Reply } from "../connection/connection.ts";
import type { OpenConnection } from "../connection/open-connection.ts";
import { fieldsOf } from "../connection/reply-fields.ts";
import { listOf, textOf } from "../replies.ts";
import { createIndexCommand, indexAlias, indexName, INDEX_VERSION } from "./search-schema.ts";
import { readSearchReply } from "./search-reply.ts";
import type { VectorField } from "./vector-field.ts";

/** How often a new index is looked at while it is built. */
const LOOK_MS = 200;

/**
 * Sees to it that the alias points to the index of this release. A new version is built beside the one
 * in use, which goes when the new one is whole: searches never meet half an index.
 *
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` when the client speaks RESP2
 */
export async function ensureIndex(
  connection: OpenConnection,
  vectors?: VectorField,
): Promise<void> {
  const { keys } = connection;
  const alias = indexAlias(keys, vectors);
  const present = await ownIndexes(connection, vectors);
  if (present.some((version) => version > INDEX_VERSION)) {
    throw new MemCubeError(
      "MEMCUBE_STORAGE_NEWER",
      'The search index was made by a newer release: use that, or search: "local".',
    );
  }
  if (!present.includes(INDEX_VERSION)) await createIndex(connection, vectors);
  await untilWhole(connection, indexName(keys, vectors));
  await connection.sendToMasters(["FT.ALIASUPDATE", alias, indexName(keys, vectors)]);
  for (const version of present) {
    if (version < INDEX_VERSION) {
      // Without DD: the documents stay.
      const old = indexName(keys, vectors, version);
      await ignoring(connection.sendToMasters(["FT.DROPINDEX", old]));
    }
  }
  readSearchReply(
    await connection.send(keys.root("d:"), ["FT.SEARCH", alias, "*", "LIMIT", "0", "0"]),
  );
}

/** Versions of the index that are there; one with other vectors, or without, is not of them. */
async function ownIndexes(
  connection: OpenConnection,
  vectors: VectorField | undefined,
): Promise<number[]> {
  const reply = await connection.send(undefined, ["FT._LIST"]);
  const names = (reply instanceof Set ? [...(reply as Set<Reply>)] : listOf(reply)).map(textOf);
  const start = connection.keys.root("search:v");
  const end = vectors?.suffix ?? "";
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => name.slice(start.length, name.length - end.length))
    .filter((version) => /^\d+$/u.test(version))
    .map(Number);
}

/** Another process may make it at the same time. */
async function createIndex(
  connection: OpenConnection,
  vectors: VectorField | undefined,
): Promise<void> {
  try {
    await connection.sendToMasters(createIndexCommand(connection.keys, vectors));
  } catch (error) {
    if (!(await ownIndexes(connection, vectors)).includes(INDEX_VERSION)) throw error;
  }
}

async function untilWhole(connection: OpenConnection, name: string): Promise<void> {
  for (;;) {
    const info = await connection.send(undefined, ["FT.INFO", name]);
    if (Number(fieldsOf(info).get("indexing") ?? 0) === 0) return;
    await sleep(LOOK_MS);
  }
}

/** Somebody else dropped it first. */
async function ignoring(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_STORAGE_FAILED")) throw error;
  }
}
