/** For measurements outside the package: the index itself, with weights that can be changed. */
export { CubeIndex } from "./cube-index.ts";
export type { Ranking } from "./ranking.ts";
export { renderHits } from "./render-hits.ts";
export type { IndexResult } from "./query.ts";
