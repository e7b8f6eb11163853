/** Turns text into vectors. Vectors of different `model` values are never compared. */
export interface Embedder {
  /** Name and version of the model: part of every stored vector. */
  readonly model: string;
  readonly dimensions: number;
  /**
   * One vector of `dimensions` numbers per text, in order.
   * @param purpose a query may need another prefix than a document
   */
  embed(
    texts: readonly string[],
    options: { readonly purpose: "query" | "document"; readonly signal?: AbortSignal },
  ): Promise<readonly Float32Array[]>;
}
