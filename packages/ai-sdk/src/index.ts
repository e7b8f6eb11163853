export { memcubeMiddleware } from "./middleware.ts";
export type {
  FailedPart,
  MemCubeMiddlewareOptions,
  MemCubeProviderOptions,
  ModelRequest,
} from "./options.ts";
export type { AiSdkEvents } from "./telemetry.ts";
export type { MemCubeMetadata } from "./to-ai-sdk.ts";
