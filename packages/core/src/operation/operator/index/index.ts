export { CubeIndex } from "./cube-index.ts";
export type { IndexDocument, Role } from "./document.ts";
export type { IndexFilter, IndexHit, IndexQuery, IndexResult, IndexRow } from "./query.ts";
export type { Ranking } from "./ranking.ts";
export { renderHits } from "./render-hits.ts";
export type { RenderedHits, RenderOptions, RenderRecord } from "./render-hits.ts";
