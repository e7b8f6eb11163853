export { ChatMemCube } from "./chat-mem-cube.ts";
export type { ChatMemCubeCallOptions, ChatMemCubeInput } from "./chat-mem-cube-options.ts";
export {
  MemCubeChatMessageHistory,
  type MemCubeChatMessageHistoryInput,
} from "./chat-message-history.ts";
export { embedderFrom } from "./from-langchain.ts";
export { ingestDocuments, type IngestOptions, type IngestResult } from "./ingest-documents.ts";
export { MemCubeMemory, type MemCubeMemoryInput } from "./memory.ts";
export { memcubeMiddleware } from "./middleware.ts";
export type {
  AgentRequest,
  FailedPart,
  MemCubeContext,
  MemCubeFields,
  MemCubeMiddlewareOptions,
} from "./options.ts";
export {
  MemCubeRetriever,
  memcubeRetrieverTool,
  type MemCubeRetrieverInput,
  type MemoryFilter,
} from "./retriever.ts";
export type { LangChainEvents } from "./telemetry.ts";
export type { MemoryMetadata, MemoryProvenance } from "./to-langchain.ts";
export { memcubeTools, type MemCubeToolsOptions } from "./tools.ts";
export { MemCubeVectorStore, type MetadataFilter } from "./vector-store.ts";
