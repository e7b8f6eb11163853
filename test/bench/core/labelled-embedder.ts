import type { Embedder } from "@memcube/core";

import { vectorAt, type VectorSet } from "../vectors.ts";

/**
 * Gives known vectors to known texts, so that a benchmark times the search and not an embedder:
 * memories by the number at their end ("... on day 17"), questions by their place in `queries`.
 */
export function labelledEmbedder(
  memories: VectorSet,
  questions: VectorSet,
  queries: readonly string[],
): Embedder {
  const places = new Map(queries.map((query, place) => [query, place]));
  return {
    model: "bench-labelled",
    dimensions: memories.dimensions,
    embed: async (texts, { purpose }) =>
      await Promise.resolve(
        texts.map((text) =>
          purpose === "query"
            ? vectorAt(questions, places.get(text) ?? 0)
            : vectorAt(memories, Number(text.slice(text.lastIndexOf(" ") + 1))),
        ),
      ),
  };
}
