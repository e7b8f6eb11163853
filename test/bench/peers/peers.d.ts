// What the scripts here use of the peers, for the type check of a checkout in which they are not
// installed.

declare module "@langchain/classic/vectorstores/memory" {
  interface Document {
    pageContent: string;
    metadata: Record<string, unknown>;
  }
  interface Embeddings {
    embedQuery(text: string): Promise<number[]>;
    embedDocuments(texts: string[]): Promise<number[][]>;
  }
  export class MemoryVectorStore {
    constructor(embeddings: Embeddings);
    addDocuments(documents: Document[]): Promise<void>;
    similaritySearchWithScore(
      query: string,
      limit: number,
      filter?: (document: Document) => boolean,
    ): Promise<[Document, number][]>;
  }
}

declare module "mem0ai/oss" {
  interface Message {
    role: "user";
    content: string;
  }
  export class Memory {
    constructor(config: Record<string, { provider: string; config: Record<string, unknown> }>);
    add(messages: Message[], options: { userId: string; infer: boolean }): Promise<unknown>;
    search(
      query: string,
      options: { filters: Record<string, string>; topK: number },
    ): Promise<{ results: { memory: string }[] }>;
  }
}

declare module "@langchain/langgraph-checkpoint-sqlite" {
  import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

  export class SqliteSaver extends BaseCheckpointSaver {
    static fromConnString(path: string): SqliteSaver;
    readonly db: { pragma(sql: string): unknown; close(): void };
    getTuple: BaseCheckpointSaver["getTuple"];
    list: BaseCheckpointSaver["list"];
    put: BaseCheckpointSaver["put"];
    putWrites: BaseCheckpointSaver["putWrites"];
    deleteThread: BaseCheckpointSaver["deleteThread"];
  }
}

declare module "@langchain/langgraph-checkpoint-redis" {
  import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

  export class RedisSaver extends BaseCheckpointSaver {
    static fromUrl(url: string): Promise<RedisSaver>;
    end(): Promise<void>;
    getTuple: BaseCheckpointSaver["getTuple"];
    list: BaseCheckpointSaver["list"];
    put: BaseCheckpointSaver["put"];
    putWrites: BaseCheckpointSaver["putWrites"];
    deleteThread: BaseCheckpointSaver["deleteThread"];
  }
}
