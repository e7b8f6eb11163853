import { checkScoped, ScopedCubes, type Retrieval, type SearchOptions } from "@memcube/core";
import type { CallbackManagerForRetrieverRun } from "@langchain/core/callbacks/manager";
import type { Document } from "@langchain/core/documents";
import { BaseRetriever, type BaseRetrieverInput } from "@langchain/core/retrievers";
import { tool, type DynamicStructuredTool } from "@langchain/core/tools";
import { z } from "zod";

import { given, scopeOf, type MemCubeFields } from "./options.ts";
import { hitToDocument, type MemoryMetadata } from "./to-langchain.ts";

/** What a search through LangChain is narrowed to: fields of core's search. */
export type MemoryFilter = Pick<SearchOptions, "types" | "tags" | "sessionId" | "from" | "to">;

export interface MemCubeRetrieverInput extends MemCubeFields, BaseRetrieverInput {
  /** Documents returned, at most. @default 4 */
  readonly k?: number;
  readonly filter?: MemoryFilter;
  /** Below this confidence (0 to 1) that the answer is among them, nothing is returned. @default 0 */
  readonly minConfidence?: number;
}

/**
 * Memories as documents, the best first, each with its provenance in `metadata.memory`. Searches by
 * words and structure, and by meaning where the OS has an embedder.
 */
export class MemCubeRetriever extends BaseRetriever<MemoryMetadata> {
  static override lc_name(): string {
    return "MemCubeRetriever";
  }

  override lc_namespace = ["memcube", "retrievers"];
  readonly #fields: MemCubeRetrieverInput;
  readonly #cubes: ScopedCubes;

  constructor(fields: MemCubeRetrieverInput) {
    checkScoped(fields, "MemCubeRetriever");
    super(fields);
    this.#fields = fields;
    this.#cubes = new ScopedCubes(fields.os);
  }

  /** @throws MemCubeError `MEMCUBE_CUBE_NOT_FOUND`, `MEMCUBE_FORBIDDEN`, `MEMCUBE_STORAGE_*` */
  override async _getRelevantDocuments(
    query: string,
    _runManager?: CallbackManagerForRetrieverRun,
  ): Promise<Document<MemoryMetadata>[]> {
    return ((await this.retrieve(query))?.hits ?? []).map(hitToDocument);
  }

  /** The same as core tells it: with its text for a prompt. `undefined` where nothing was noted yet. */
  async retrieve(query: string): Promise<Retrieval | undefined> {
    const { k = 4, filter = {}, minConfidence = 0 } = this.#fields;
    const found = await this.#cubes.use(
      await scopeOf(this.#fields),
      "read",
      async (cube) => await cube.search(query, { limit: k, ...given(filter) }),
    );
    return found === undefined || found.confidence < minConfidence ? undefined : found;
  }
}

/**
 * A retriever as a tool of an agent: the model reads the memories as text, `artifact` of the tool
 * message holds the documents. Unless it is told otherwise it goes by the name and description of core's
 * `search_memory`, whose results `absorb` does not remember again.
 */
export function memcubeRetrieverTool(
  fields: MemCubeRetrieverInput & { readonly name?: string; readonly description?: string },
): DynamicStructuredTool {
  checkScoped(fields, "memcubeRetrieverTool");
  const [search] = fields.os.as({ userId: "local" }).tools({ only: ["search_memory"] });
  const { name = search?.name ?? "", description = search?.description ?? "" } = fields;
  const retriever = new MemCubeRetriever(fields);
  return tool(
    async ({ query }: { query: string }) => {
      const found = await retriever.retrieve(query);
      return [found?.text ?? "", (found?.hits ?? []).map(hitToDocument)];
    },
    {
      name,
      description,
      schema: z.object({ query: z.string() }),
      responseFormat: "content_and_artifact",
    },
  );
}
