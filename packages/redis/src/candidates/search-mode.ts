import { channel } from "node:diagnostics_channel";

import { isMemCubeError, MemCubeError } from "@memcube/core";

import type { OpenConnection } from "../connection/open-connection.ts";
import type { ParsedOptions } from "../options.ts";
import { ensureIndex } from "./search-index.ts";
import { DOCUMENT_VERSION } from "./search-schema.ts";
import { type VectorField, vectorField } from "./vector-field.ts";

export interface SearchMode {
  /** Commits write search documents. */
  readonly documents: boolean;
  /** The vault proposes candidates. */
  readonly candidates: boolean;
  /** Vectors that commits write into search documents, whether this process searches them or not. */
  readonly vectors?: VectorField;
}

const NONE = "none";

/**
 * Whether the storage keeps search documents is decided once, by whoever opens it first, and written
 * down: an index over a part of the memories would find a part of them. With `auto` an engine that can't
 * do what is needed counts as none, and `memcube:error` says so: some have FT.SEARCH but no TEXT fields.
 *
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` when a query engine is asked for and there is none, or
 * the storage was begun without
 */
export async function openSearch(
  connection: OpenConnection,
  { search, vectors: given }: Pick<ParsedOptions, "search" | "vectors">,
): Promise<SearchMode> {
  const vectors = given === undefined ? undefined : vectorField(given);
  const { keys, server } = connection;
  const documents = `documents:${DOCUMENT_VERSION}`;
  const key = keys.root("search:mode");
  const begun = await connection.send(key, ["GET", key]);
  const wanted = search !== "local" && server.queryEngine && begun !== NONE;
  const usable = wanted && (await hasIndex(connection, search, vectors));
  await connection.send(key, ["SET", key, usable ? documents : NONE, "NX"]);
  const mode = await connection.send(key, ["GET", key]);
  if (mode !== documents && mode !== NONE) {
    const why = "The search documents were written by another release, newer than this one.";
    throw new MemCubeError("MEMCUBE_STORAGE_NEWER", why, { details: { mode } });
  }
  const keepsDocuments = mode === documents;
  if (search === "query-engine" && !(usable && keepsDocuments)) {
    const why = server.queryEngine
      ? "The storage was begun without search documents: export it and import it under another prefix."
      : "The server has no query engine (FT.SEARCH).";
    throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why);
  }
  return {
    documents: keepsDocuments,
    candidates: usable && keepsDocuments,
    ...(keepsDocuments && vectors !== undefined ? { vectors } : {}),
  };
}

/** Whether the index is there now; with `auto` it may be refused. */
async function hasIndex(
  connection: OpenConnection,
  search: ParsedOptions["search"],
  vectors: VectorField | undefined,
): Promise<boolean> {
  try {
    await ensureIndex(connection, vectors);
    return true;
  } catch (error) {
    const refused =
      isMemCubeError(error, "MEMCUBE_STORAGE_FAILED") ||
      isMemCubeError(error, "MEMCUBE_NOT_SUPPORTED");
    if (search === "query-engine" || !refused) throw error;
    channel("memcube:error").publish({ where: "redis.search", error });
    return false;
  }
}
