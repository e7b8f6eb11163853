import type { Embedder } from "@memcube/core";

const DIMENSIONS = 64;
/** Words of one meaning share a place, so that texts without a common word can be alike. */
const MEANINGS: Readonly<Record<string, string>> = { pasta: "food", noodles: "food", eats: "food" };

/** Hashes words into a vector: a stand-in for a model that runs anywhere. */
export const wordEmbedder: Embedder = {
  model: "test-words",
  dimensions: DIMENSIONS,
  embed: async (texts) => await Promise.resolve(texts.map(vectorOf)),
};

export function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    let hash = 7;
    for (const char of MEANINGS[word] ?? word) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
    vector[hash % DIMENSIONS] = (vector[hash % DIMENSIONS] ?? 0) + 1;
  }
  if (vector.every((value) => value === 0)) vector[0] = 1;
  return vector;
}
