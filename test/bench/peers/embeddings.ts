import { embed } from "../corpus.ts";

/**
 * The corpus' embedder in LangChain's shape. `Array.from` makes arrays of plain doubles, as parsing
 * a service's answer does; spreading would make the peers' loops over them two to three times
 * slower.
 */
export const embeddings = {
  embedQuery: (text: string): Promise<number[]> => Promise.resolve(Array.from(embed(text))),
  embedDocuments: (texts: string[]): Promise<number[][]> =>
    Promise.resolve(texts.map((text) => Array.from(embed(text)))),
};
