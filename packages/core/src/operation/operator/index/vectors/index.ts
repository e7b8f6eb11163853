export { VectorColumn, type VectorHits } from "./vector-column.ts";
