import { Document } from "@langchain/core/documents";
import { FakeEmbeddings } from "@langchain/core/utils/testing";
import { describe, expect, test } from "vitest";

import { startMemOS } from "./memory-os.testing.ts";
import { MemCubeVectorStore } from "./vector-store.ts";

const scope = { caller: { userId: "ada" } };
const long = "x".repeat(400);
const documents = [
  new Document({
    pageContent: "Rain falls in the mountains.",
    metadata: { topic: "weather", page: 1, loc: { line: 3 } },
  }),
  new Document({
    pageContent: "Snow falls in the mountains.",
    metadata: { topic: "ski", page: 2 },
  }),
  new Document({ pageContent: "Mountains are old.", metadata: { topic: "ski", note: long } }),
];

describe("MemCubeVectorStore", () => {
  test("finds documents with all of their metadata, the best first, with scores", async () => {
    const { os } = startMemOS();
    const store = new MemCubeVectorStore({ os, scope });
    const ids = await store.addDocuments(documents);
    expect(new Set(ids).size).toBe(3);
    const found = await store.similaritySearchWithScore("rain", 2);
    expect(found[0]![0]).toMatchObject({
      id: ids[0],
      pageContent: "Rain falls in the mountains.",
      metadata: { topic: "weather", page: 1, loc: { line: 3 }, memory: { cubeId: "user:ada" } },
    });
    const scores = found.map(([, score]) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test("filters by metadata within the search: k is not thinned out", async () => {
    const { os } = startMemOS();
    const store = new MemCubeVectorStore({ os, scope });
    await store.addDocuments(documents);
    const texts = async (filter: Record<string, string | number>) =>
      (await store.similaritySearch("mountains rain", 1, filter)).map((each) => each.pageContent);
    expect(await texts({ topic: "ski", page: 2 })).toEqual(["Snow falls in the mountains."]);
    expect(await texts({ note: long })).toEqual(["Mountains are old."]);
    expect(await texts({ page: "2" })).toEqual([]);
    const retriever = store.asRetriever({ k: 5, filter: { topic: "ski" } });
    expect(await retriever.invoke("mountains")).toHaveLength(2);
  });

  test("an id names a document: added again it is replaced, deleted it is destroyed", async () => {
    const { os } = startMemOS();
    const store = new MemCubeVectorStore({ os, scope });
    const [first, second] = documents;
    expect(await store.addDocuments([first!, second!], { ids: ["a", "b"] })).toEqual(["a", "b"]);
    const changed = new Document({ id: "a", pageContent: "Rain has stopped.", metadata: {} });
    expect(await store.addDocuments([changed])).toEqual(["a"]);
    const [hit] = await store.similaritySearch("rain", 1);
    expect(hit).toMatchObject({ id: "a", pageContent: "Rain has stopped." });
    expect(hit!.metadata["topic"]).toBeUndefined();
    expect(await store.similaritySearch("rain", 5, { topic: "weather" })).toEqual([]);
    await store.delete({ ids: ["a", "never there"] });
    expect((await store.similaritySearch("rain mountains", 5)).map(({ id }) => id)).toEqual(["b"]);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    expect(await cube.getByKey("langchain/a")).toBeUndefined();
  });

  test("is made from documents and texts; memories of the cube are found with them", async () => {
    const { os } = startMemOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await cube.add({ type: "fact", text: "Ada climbs mountains." });
    const embeddings = new FakeEmbeddings();
    const fields = { os, scope };
    await MemCubeVectorStore.fromDocuments(documents, embeddings, fields);
    const store = await MemCubeVectorStore.fromTexts(["Hills."], [{ n: 1 }], embeddings, fields);
    expect(await store.similaritySearch("hills mountains", 10)).toHaveLength(5);
    expect((await store.similaritySearch("hills", 1, { n: 1 }))[0]!.pageContent).toBe("Hills.");
  });

  test("takes what loaders leave in metadata, as JSON", async () => {
    const { os } = startMemOS();
    const store = new MemCubeVectorStore({ os, scope });
    class Info {
      readonly pages = 3;
    }
    const metadata = { at: new Date(0), info: new Info(), none: undefined };
    await store.addDocuments([new Document({ pageContent: "Fjords.", metadata })]);
    const [found] = await store.similaritySearch("fjords", 1, { at: "1970-01-01T00:00:00.000Z" });
    expect(found?.metadata).toMatchObject({ at: "1970-01-01T00:00:00.000Z", info: { pages: 3 } });
  });

  test("says what it does not do", async () => {
    const { os } = startMemOS();
    const store = new MemCubeVectorStore({ os, scope });
    const unsupported = { code: "MEMCUBE_NOT_SUPPORTED" };
    await expect(store.addVectors()).rejects.toMatchObject(unsupported);
    await expect(store.similaritySearchVectorWithScore()).rejects.toMatchObject(unsupported);
    await expect(store.embeddings.embedQuery("x")).rejects.toMatchObject(unsupported);
    const invalid = { code: "MEMCUBE_INVALID_INPUT" };
    const strange = new Document({ pageContent: "x", metadata: { at: 1n } });
    await expect(store.addDocuments([strange])).rejects.toMatchObject(invalid);
    const wanted = { n: { $gt: 1 } } as never;
    await expect(store.similaritySearch("x", 1, wanted)).rejects.toMatchObject(invalid);
    const own = (() => true) as never;
    await expect(store.similaritySearch("x", 1, own)).rejects.toMatchObject(invalid);
    const empty = new Document({ pageContent: "x", metadata: {} });
    expect(await store.addDocuments([])).toEqual([]);
    expect(await store.similaritySearch("x")).toEqual([]);
    expect(await store.addDocuments([empty])).toHaveLength(1);
  });
});
