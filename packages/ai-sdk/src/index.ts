export type { MemCubeEngineOptions, MemCubeProviderSettings } from "./engine-options.ts";
export { type MemCubeProvider, memcubeProvider } from "./engine-provider.ts";
export { memcubeMiddleware } from "./middleware.ts";
export type {
  FailedPart,
  MemCubeMiddlewareOptions,
  MemCubeProviderOptions,
  ModelRequest,
} from "./options.ts";
export type { AiSdkEvents } from "./telemetry.ts";
export type { MemCubeMetadata } from "./to-ai-sdk.ts";
