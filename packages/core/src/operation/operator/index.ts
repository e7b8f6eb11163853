export { IndexCache } from "./index-cache.ts";
export { readable } from "./loaded-index.ts";
export { embeddingText } from "./memory-text.ts";
export { pause } from "./pause.ts";
export { MemoryCache } from "./memory-cache.ts";
export {
  embedQuery,
  indexOf,
  retrieve,
  search,
  type OperatorParts,
  type Retrieved,
  type RetrieveQuery,
} from "./retrieve.ts";
export { renderHits } from "./index/index.ts";
export { toRenderable } from "./to-renderable.ts";
export { toDocument, versionIndexOf } from "./to-document.ts";
