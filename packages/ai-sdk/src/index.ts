export { embedderFrom, type EmbedderFromOptions } from "./embedder.ts";
export type { MemCubeEngineOptions, MemCubeProviderSettings } from "./engine-options.ts";
export { type MemCubeProvider, memcubeProvider } from "./engine-provider.ts";
export { memcubeMiddleware } from "./middleware.ts";
export { memcubeModel } from "./model.ts";
export type {
  FailedPart,
  MemCubeMiddlewareOptions,
  MemCubeProviderOptions,
  ModelRequest,
} from "./options.ts";
export type { AiSdkEvents } from "./telemetry.ts";
export type { MemCubeMetadata } from "./to-ai-sdk.ts";
export {
  memcubeTools,
  type MemCubeTool,
  type MemCubeToolsOptions,
  type ToolCallOptions,
} from "./tools.ts";
export {
  memcubeChats,
  type ChatInfo,
  type MemCubeChats,
  type MemCubeChatsOptions,
} from "./ui-messages.ts";
export type { ChatMessage } from "./chat-record.ts";
