export { IndexCache } from "./index-cache.ts";
export { readable } from "./loaded-index.ts";
export { embeddingText, textOf } from "./memory-text.ts";
export { pause } from "./pause.ts";
export { MemoryCache } from "./memory-cache.ts";
export { indexOf } from "./candidate-index.ts";
export { relevanceOf } from "./relevance.ts";
export { embedQuery } from "./embed-query.ts";
export { retrieve, retrieveAhead } from "./retrieve.ts";
export {
  search,
  type OperatorParts,
  type Retrieved,
  type RetrieveQuery,
} from "./retrieve-query.ts";
export { renderHits } from "./index/index.ts";
export { toRenderable } from "./to-renderable.ts";
export { toDocument, versionIndexOf } from "./to-document.ts";
