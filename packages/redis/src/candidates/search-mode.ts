import { MemCubeError } from "@memcube/core";

import type { OpenConnection } from "../connection/open-connection.ts";
import type { ParsedOptions } from "../options.ts";
import { ensureIndex } from "./search-index.ts";
import { DOCUMENT_VERSION } from "./search-schema.ts";

export interface SearchMode {
  /** Commits write search documents. */
  readonly documents: boolean;
  /** The vault proposes candidates. */
  readonly candidates: boolean;
}

const NONE = "none";

/**
 * Whether the storage keeps search documents is decided once, by whoever opens it first, and written
 * down: an index over a part of the memories would find a part of them.
 *
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` when a query engine is asked for and there is none, or
 * the storage was begun without
 */
export async function openSearch(
  connection: OpenConnection,
  { search }: Pick<ParsedOptions, "search">,
): Promise<SearchMode> {
  const { keys, server } = connection;
  const wanted = search !== "local" && server.queryEngine;
  const documents = `documents:${DOCUMENT_VERSION}`;
  const key = keys.root("search:mode");
  await connection.send(key, ["SET", key, wanted ? documents : NONE, "NX"]);
  const mode = await connection.send(key, ["GET", key]);
  if (mode !== documents && mode !== NONE) {
    const why = "The search documents were written by another release, newer than this one.";
    throw new MemCubeError("MEMCUBE_STORAGE_NEWER", why, { details: { mode } });
  }
  const keepsDocuments = mode === documents;
  if (search === "query-engine" && !(wanted && keepsDocuments)) {
    const why = server.queryEngine
      ? "The storage was begun without search documents: export it and import it under another prefix."
      : "The server has no query engine (FT.SEARCH).";
    throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why);
  }
  const candidates = wanted && keepsDocuments;
  if (candidates) await ensureIndex(connection);
  return { documents: keepsDocuments, candidates };
}
