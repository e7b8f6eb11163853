import type { CubeRef, VersionIndex } from "@memcube/core";

import type { Argument } from "../connection/connection.ts";
import type { SearchFields } from "../vault/encode-commit.ts";
import { escapeName, type Keys } from "../keys.ts";
import type { VectorField } from "./vector-field.ts";

/** Version of what a document holds. Another one needs the documents written anew. */
export const DOCUMENT_VERSION = 1;

/** Version of the index over them. A new one is built beside the old, then the alias moves. */
export const INDEX_VERSION = 1;

/** Stands for "never" in `expires`: the largest integer a double holds. */
export const NEVER = String(Number.MAX_SAFE_INTEGER);

/** What is sent for a memory that nobody can search: its document goes. */
const NO_DOCUMENT: readonly Argument[] = ["-"];

/** No documents are kept: `local` mode. */
export const noFields: SearchFields = () => [];

/**
 * Fields of a memory's search document. `commit-cube.lua` adds its visibility class. Values of tags are
 * escaped, so that none is cut at a separator or trimmed; words likewise, so that the engine's own
 * tokenizer leaves each as one.
 */
export function searchFields(keys: Keys): SearchFields {
  return (cube, { index }) => documentOf(keys, cube, index);
}

/** A name as a tag. The engine keeps no empty one, so that has a form of its own, no other name's. */
export function tagOf(name: string): string {
  return name === "" ? "%%" : escapeName(name);
}

function documentOf(keys: Keys, cube: CubeRef, index: VersionIndex): readonly Argument[] {
  const { terms, kind, type, state, sessionId, tags, at, expiresAt } = index;
  const words = terms.split(" ").filter((term) => term !== "");
  if (words.length === 0) return NO_DOCUMENT;
  return [
    "terms",
    words.map(escapeTerm).join(" "),
    "cube",
    keys.cubeTag(cube),
    "kind",
    tagOf(kind),
    "type",
    tagOf(type),
    "state",
    tagOf(state),
    "session",
    sessionId === undefined ? "" : tagOf(sessionId),
    "tags",
    tags.map(tagOf).join(TAG_SEPARATOR),
    "at",
    String(at),
    "expires",
    expiresAt === undefined ? NEVER : String(expiresAt),
  ];
}

const TAG_SEPARATOR = "\u001F";

/** Letters and digits stay; all else would cut a word in two or mean something in a query. */
export function escapeTerm(term: string): string {
  return term.replace(/[^\p{L}\p{N}\p{M}]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return `_${point.toString(16)}_`;
  });
}

/** Names of the indexes of all versions begin so; an index with vectors is another one. */
export function indexName(
  keys: Keys,
  vectors: VectorField | undefined,
  version: number = INDEX_VERSION,
): string {
  return keys.root(`search:v${version}${vectors?.suffix ?? ""}`);
}

export function indexAlias(keys: Keys, vectors: VectorField | undefined): string {
  return keys.root(`search${vectors?.suffix ?? ""}`);
}

const TAG = ["TAG", "SEPARATOR", TAG_SEPARATOR, "CASESENSITIVE"] as const;

/** FT.CREATE of the index over all documents of the storage. */
export function createIndexCommand(keys: Keys, vectors?: VectorField): string[] {
  return [
    "FT.CREATE",
    indexName(keys, vectors),
    "ON",
    "HASH",
    "PREFIX",
    "1",
    keys.root("d:"),
    "STOPWORDS",
    "0",
    "SCHEMA",
    "terms",
    "TEXT",
    "NOSTEM",
    ...["cube", "class", "kind", "type", "state", "session", "tags"].flatMap((name) => [
      name,
      ...TAG,
    ]),
    "at",
    "NUMERIC",
    "expires",
    "NUMERIC",
    ...(vectors === undefined ? [] : vectorSchema(vectors)),
  ];
}

function vectorSchema({ field, algorithm, type, dimensions }: VectorField): string[] {
  const common = [
    "TYPE",
    type.toUpperCase(),
    "DIM",
    String(dimensions),
    "DISTANCE_METRIC",
    "COSINE",
  ];
  const own = algorithm === "hnsw" ? ["M", "16", "EF_CONSTRUCTION", "200"] : [];
  const attributes = [...common, ...own];
  return [field, "VECTOR", algorithm.toUpperCase(), String(attributes.length), ...attributes];
}
