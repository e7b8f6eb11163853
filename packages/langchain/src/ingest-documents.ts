import { checkScoped, ScopedCubes, type Rejection } from "@memcube/core";
import type { DocumentInterface } from "@langchain/core/documents";

import { documentOf } from "./from-langchain.ts";
import { scopeOf, type MemCubeFields } from "./options.ts";

export interface IngestOptions extends MemCubeFields {
  readonly tags?: readonly string[];
  /** Tokens per chunk. @default core's */
  readonly chunkTokens?: number;
  readonly signal?: AbortSignal;
}

/** What became of the documents. */
export interface IngestResult {
  /** Ids of the memories (chunks), in order. */
  readonly ids: readonly string[];
  /** How many of them are new; the others were there. */
  readonly added: number;
  readonly rejected: readonly Rejection[];
}

/**
 * What a document loader of LangChain gives, as memories: cut into chunks, each with its source and
 * range. Documents with `metadata.source` (and `metadata.loc.pageNumber`) can be ingested again: what is
 * the same stays, what changed gets a new version, parts that are gone are forgotten. Don't split them
 * before: core does, and keeps the ranges.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_FORBIDDEN`, `MEMCUBE_STORAGE_*`
 */
export async function ingestDocuments(
  documents: readonly DocumentInterface[],
  options: IngestOptions,
): Promise<IngestResult> {
  checkScoped(options, "ingestDocuments");
  const { os, tags, chunkTokens, signal } = options;
  const scope = await scopeOf(options);
  const result = await new ScopedCubes(os).use(
    scope,
    "write",
    async (cube) =>
      await cube.add(documents.map(documentOf), {
        onDuplicate: "update",
        ...(tags === undefined ? {} : { tags: [...tags] }),
        ...(chunkTokens === undefined ? {} : { chunkTokens }),
        ...(signal === undefined ? {} : { signal }),
      }),
  );
  if (result === undefined) throw new TypeError("a cube to write to is there or is made");
  const { ids, added, rejected } = result;
  return { ids, added, rejected };
}
