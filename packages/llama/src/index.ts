export type { LlamaEngineOptions, ModelProgress } from "./engine/options.ts";
export { llamaEngine } from "./llama-engine.ts";
