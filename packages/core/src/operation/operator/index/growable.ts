/** A typed array that the index keeps per row, term or posting. */
export type Numbers =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The array itself if it holds `needed` elements, else a copy with room for half as many again (new ones 0). */
export function grown<A extends Numbers>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const capacity = Math.max(needed, MIN_CAPACITY, Math.ceil(array.length * 1.5));
  const larger = new (array.constructor as new (length: number) => A)(capacity);
  larger.set(array);
  return larger;
}

/** Small cubes are many; they start small. */
const MIN_CAPACITY = 16;
