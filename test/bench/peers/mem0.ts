/** mem0ai's open-source memory, without an LLM and in memory: its fastest way. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DIMENSIONS, LIMIT } from "../corpus.ts";
import { embeddings } from "./embeddings.ts";
import { measureSubject, type Subject, USER } from "./measure-subject.ts";

// Read when the module is loaded, so before the import.
process.env["MEM0_TELEMETRY"] = "false";
process.env["MEM0_DIR"] = mkdtempSync(join(tmpdir(), "mem0-"));
const { Memory } = await import("mem0ai/oss");

const unused = {
  modelId: "none",
  invoke: () => Promise.reject(new Error("No LLM is called without infer")),
};

function createSubject(): Promise<Subject> {
  const memory = new Memory({
    embedder: { provider: "langchain", config: { model: embeddings } },
    llm: { provider: "langchain", config: { model: unused } },
    vectorStore: {
      provider: "memory",
      config: { collectionName: "bench", dimension: DIMENSIONS, dbPath: ":memory:" },
    },
    historyStore: { provider: "sqlite", config: { historyDbPath: ":memory:" } },
  });
  return Promise.resolve({
    add: ({ text, userId }) =>
      memory.add([{ role: "user", content: text }], { userId, infer: false }),
    // A search without a user is refused.
    search: async (query, userId) => {
      const { results } = await memory.search(query, {
        filters: { user_id: userId ?? USER },
        topK: LIMIT,
      });
      return results.map((result) => result.memory);
    },
  });
}

await measureSubject("mem0ai", createSubject, 30);
