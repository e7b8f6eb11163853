import {
  columnLayout,
  VectorColumn,
  WasmKernel,
} from "../../packages/core/src/operation/operator/index/vectors/testing.ts";
import { gaussianOf, randomOf } from "./random.ts";

/** Vectors one after the other: f32[count x dimensions]. */
export interface VectorSet {
  readonly count: number;
  readonly dimensions: number;
  readonly values: Float32Array;
}

const CLUSTERS = 500;
const RANK = 32;
/** Half-width of a cluster along each of its `RANK` directions, and in all others together. */
const SPREAD = 0.25;
const NOISE = 0.35;
/** Candidates of the bare scan, as `VectorColumn` takes them for limit 10. */
const CANDIDATES = 24;

/**
 * Vectors in topic clusters of unequal size with a low-rank spread, as text embeddings have; not
 * normalised. The clusters are the same for every seed, so that a second seed gives queries that
 * fit the first.
 */
export function clusteredVectors(count: number, dimensions: number, seed: number): VectorSet {
  const fixed = gaussianOf(randomOf(7));
  const perElement = 1 / Math.sqrt(dimensions);
  const centers = Float32Array.from({ length: CLUSTERS * dimensions }, () => fixed() * perElement);
  const directions = Float32Array.from({ length: RANK * dimensions }, () => fixed() * perElement);
  const random = randomOf(seed);
  const gaussian = gaussianOf(random);
  const values = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    const center = Math.floor(random() ** 1.5 * CLUSTERS) * dimensions;
    const weights = Float64Array.from({ length: RANK }, () => gaussian() * SPREAD);
    for (let element = 0; element < dimensions; element++) {
      let value = (centers[center + element] ?? 0) + gaussian() * NOISE * perElement;
      for (let rank = 0; rank < RANK; rank++) {
        value += (weights[rank] ?? 0) * (directions[rank * dimensions + element] ?? 0);
      }
      values[row * dimensions + element] = value;
    }
  }
  return { count, dimensions, values };
}

/** Vector `row` of the set, not copied. */
export function vectorAt({ dimensions, values }: VectorSet, row: number): Float32Array {
  return values.subarray(row * dimensions, (row + 1) * dimensions);
}

/** A column of the set's vectors. */
function columnOf(vectors: VectorSet): VectorColumn {
  const column = VectorColumn.create(vectors.dimensions, vectors.count);
  for (let row = 0; row < vectors.count; row++) column.set(row, vectorAt(vectors, row));
  return column;
}

/** The bare scan of `vectors` for one query, to be timed in turns with something else. */
export function bareScan(vectors: VectorSet, query: Float32Array): () => void {
  const { kernel, setQuery } = bareKernel(columnOf(vectors), vectors);
  setQuery(query);
  return () => kernel.exports.scan(vectors.count, CANDIDATES, false);
}

/** A kernel of the column's kind that holds the vectors' codes, and a way to give it a query. */
function bareKernel(column: VectorColumn, vectors: VectorSet) {
  const { count, dimensions } = vectors;
  const layout = columnLayout(dimensions, count);
  const { address } = layout;
  const kernel = new WasmKernel(column.variant === "relaxed" ? "relaxed" : "simd");
  kernel.place(layout);
  const floats = new Float32Array(kernel.buffer);
  new Uint8Array(kernel.buffer).fill(1, address.alive, address.alive + count);
  for (let row = 0; row < count; row++) {
    floats.set(vectorAt(vectors, row), address.batch / 4);
    kernel.normalise(address.batch);
    kernel.quantise(row, 1);
  }
  const setQuery = (query: Float32Array): void => {
    floats.set(query, address.query / 4);
    kernel.normalise(address.query);
  };
  return { kernel, setQuery };
}
