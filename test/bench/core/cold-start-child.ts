import { openAt } from "./place.ts";

const [, , path = "", query = "", vectors = ""] = process.argv;
const embedder = {
  model: "bench-labelled",
  dimensions: 384,
  embed: async (texts: readonly string[]) =>
    await Promise.resolve(texts.map(() => new Float32Array(384).fill(0.05))),
};

const started = performance.now();
const os = await openAt(path, {
  indexBudgetBytes: 1_000_000_000,
  ...(vectors === "true" ? { embedder } : {}),
});
const cube = await os.as({ userId: "ada" }).cube("large");
const { hits } = await cube.search(query);
const openToAnswerMs = performance.now() - started;
console.log(JSON.stringify({ openToAnswerMs, answeredAt: Date.now(), hits: hits.length }));
await os.close();
