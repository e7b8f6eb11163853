import {
  checkScoped,
  MemCubeError,
  parseInput,
  ScopedCubes,
  sha256Hex,
  type Hit,
  type JsonValue,
  type MemCube,
} from "@memcube/core";
import type { Document, DocumentInterface } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { VectorStore } from "@langchain/core/vectorstores";
import { z } from "zod";

import { scopeOf, type MemCubeFields } from "./options.ts";
import { hitToDocument, type MemoryMetadata } from "./to-langchain.ts";

/** Values that metadata can be filtered by. */
type Scalar = string | number | boolean | null;

/** Fields of metadata and the values they must have, all of them. */
export type MetadataFilter = Readonly<Record<string, Scalar>>;

const metadataSchema = z.record(z.string(), z.json());
const filterSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()], {
    error: "a filter has values that metadata must have: text, a number, true, false or null",
  }),
);
const KEY_PREFIX = "langchain/";
const ID_CHARS = 256;
const BATCH = 256;

/**
 * A cube as a vector store of LangChain. Core does the embedding (`createMemOS({ embedder })`, see
 * `embedderFrom`); without an embedder the search goes by words. Searches find every memory of the cube,
 * whoever added it; with a filter, those whose metadata has these values.
 */
export class MemCubeVectorStore extends VectorStore {
  declare FilterType: MetadataFilter;
  readonly #fields: MemCubeFields;
  readonly #cubes: ScopedCubes;

  constructor(fields: MemCubeFields) {
    checkScoped(fields, "MemCubeVectorStore");
    super(noEmbeddings, {});
    this.#fields = fields;
    this.#cubes = new ScopedCubes(fields.os);
  }

  override _vectorstoreType(): string {
    return "memcube";
  }

  /** A store with these texts in it; the embeddings are not used, see the class. */
  static override async fromTexts(
    texts: string[],
    metadatas: object[] | object,
    embeddings: EmbeddingsInterface,
    fields: MemCubeFields,
  ): Promise<MemCubeVectorStore> {
    const documents = texts.map((pageContent, i) => {
      const own: unknown = Array.isArray(metadatas) ? metadatas[i] : metadatas;
      return { pageContent, metadata: (own ?? {}) as Record<string, unknown> };
    });
    return await MemCubeVectorStore.fromDocuments(documents, embeddings, fields);
  }

  /** A store with these documents in it; the embeddings are not used, see the class. */
  static override async fromDocuments(
    documents: DocumentInterface[],
    _embeddings: EmbeddingsInterface,
    fields: MemCubeFields,
  ): Promise<MemCubeVectorStore> {
    const store = new MemCubeVectorStore(fields);
    await store.addDocuments(documents);
    return store;
  }

  /**
   * Adds documents; one whose id is there already is replaced.
   *
   * @param options.ids names the documents; left out, their own ids do, else new ones are made
   * @returns the ids, in order
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for metadata that can't be JSON, `MEMCUBE_FORBIDDEN`
   */
  override async addDocuments(
    documents: DocumentInterface[],
    options: { ids?: string[] } = {},
  ): Promise<string[]> {
    const scope = await scopeOf(this.#fields);
    const inputs = documents.map((document, i) => toInput(document, options.ids?.[i]));
    const ids: string[] = [];
    for (let start = 0; start < inputs.length; start += BATCH) {
      const batch = inputs.slice(start, start + BATCH);
      const added = await this.#cubes.use(
        scope,
        "write",
        async (cube) =>
          await cube.add(
            batch.map(({ input }) => input),
            { onDuplicate: "update" },
          ),
      );
      const [rejection] = added?.rejected ?? [];
      if (rejection !== undefined) {
        const { position, message } = rejection;
        throw new MemCubeError("MEMCUBE_INVALID_INPUT", `documents${position}: ${message}`, {
          details: { ...rejection },
        });
      }
      ids.push(...batch.map(({ id }, i) => id ?? added?.ids[i] ?? ""));
    }
    return ids;
  }

  /** @throws MemCubeError `MEMCUBE_NOT_SUPPORTED`: vectors come from the OS's own embedder */
  override async addVectors(): Promise<string[]> {
    return await Promise.reject(ownVectors());
  }

  /** @throws MemCubeError `MEMCUBE_NOT_SUPPORTED`: search by text, with `similaritySearch` */
  override async similaritySearchVectorWithScore(): Promise<[DocumentInterface, number][]> {
    return await Promise.reject(ownVectors());
  }

  override async similaritySearch(
    query: string,
    k = 4,
    filter?: this["FilterType"],
  ): Promise<Document<MemoryMetadata>[]> {
    return (await this.#search(query, k, filter)).map(toOwnDocument);
  }

  /** Documents and their scores, the best first; scores compare within one answer. */
  override async similaritySearchWithScore(
    query: string,
    k = 4,
    filter?: this["FilterType"],
  ): Promise<[Document<MemoryMetadata>, number][]> {
    const hits = await this.#search(query, k, filter);
    return hits.map((hit) => [toOwnDocument(hit), hit.score]);
  }

  /** Destroys documents with their history. Ids that are not there are passed over. */
  override async delete({ ids = [] }: { ids?: string[] } = {}): Promise<void> {
    const scope = await scopeOf(this.#fields);
    await this.#cubes.use(scope, "read", async (cube) => {
      const found = await Promise.all(ids.map(async (id) => await memoryIdOf(cube, id)));
      const there = found.filter((id) => id !== undefined);
      for (let start = 0; start < there.length; start += BATCH) {
        await cube.erase(there.slice(start, start + BATCH));
      }
    });
  }

  async #search(
    query: string,
    limit: number,
    filter: MetadataFilter = {},
  ): Promise<readonly Hit[]> {
    const wanted = parseInput(filterSchema, filter, "filter");
    const tags = Object.entries(wanted).map(([key, value]) => tagOf(key, value));
    const scope = await scopeOf(this.#fields);
    const found = await this.#cubes.use(
      scope,
      "read",
      async (cube) => await cube.search(query, { limit, ...(tags.length > 0 && { tags }) }),
    );
    return found?.hits ?? [];
  }
}

/** A document under the id that it was added with. */
function toOwnDocument(hit: Hit): Document<MemoryMetadata> {
  const document = hitToDocument(hit);
  const key = hit.memory.header.externalKey;
  if (key?.startsWith(KEY_PREFIX) === true) document.id = key.slice(KEY_PREFIX.length);
  return document;
}

async function memoryIdOf(cube: MemCube, id: string): Promise<string | undefined> {
  const named = await cube.getByKey(KEY_PREFIX + id);
  return (named ?? (await cube.get(id)))?.header.id;
}

/** A document as core takes it: all its metadata in the payload, what can be filtered by as tags. */
function toInput({ pageContent, metadata, id: own }: DocumentInterface, named?: string) {
  const { memory: _, ...rest } = metadata;
  const value = parseInput(metadataSchema, asJson(rest), "metadata");
  const id = named ?? own;
  return {
    id,
    input: {
      payload: { type: "json", text: pageContent, value },
      tags: Object.entries(value).flatMap(([key, each]) =>
        isScalar(each) ? [tagOf(key, each)] : [],
      ),
      ...(id === undefined ? {} : { externalKey: KEY_PREFIX + id }),
    },
  };
}

/** As others keep it: loaders leave dates and instances of classes in it. */
function asJson(metadata: object): unknown {
  try {
    return JSON.parse(JSON.stringify(metadata));
  } catch (cause) {
    const message = "metadata holds what JSON has not: a circle, or a bigint";
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", message, { cause });
  }
}

function isScalar(value: JsonValue): value is Scalar {
  return value === null || typeof value !== "object";
}

/** One field of metadata as a tag; a long value by its hash. */
function tagOf(key: string, value: Scalar): string {
  const tag = `${key}=${JSON.stringify(value)}`;
  return tag.length <= ID_CHARS ? tag : `metadata#${sha256Hex(tag)}`;
}

function ownVectors(): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_NOT_SUPPORTED",
    "The memory OS embeds texts itself: give createMemOS({ embedder: embedderFrom(embeddings, ...) }), add documents and search by text.",
  );
}

/** Stands where LangChain wants embeddings: whoever asks it for a vector is told where they come from. */
const noEmbeddings: EmbeddingsInterface = {
  embedQuery: async () => await Promise.reject(ownVectors()),
  embedDocuments: async () => await Promise.reject(ownVectors()),
};
