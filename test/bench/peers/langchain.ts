/** LangChain's `MemoryVectorStore`. */
import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { LIMIT } from "../corpus.ts";
import { embeddings } from "./embeddings.ts";
import { measureSubject, type Subject } from "./measure-subject.ts";

function createSubject(): Promise<Subject> {
  const store = new MemoryVectorStore(embeddings);
  return Promise.resolve({
    add: ({ text, userId }) => store.addDocuments([{ pageContent: text, metadata: { userId } }]),
    search: async (query, userId) => {
      const isOwn = (document: { metadata: Record<string, unknown> }): boolean =>
        document.metadata["userId"] === userId;
      const filter = userId === undefined ? undefined : isOwn;
      const found = await store.similaritySearchWithScore(query, LIMIT, filter);
      return found.map(([document]) => document.pageContent);
    },
  });
}

await measureSubject("langchain MemoryVectorStore", createSubject, 100);
