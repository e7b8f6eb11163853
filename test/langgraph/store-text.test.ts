/** Paths of `index` lead to the same texts as in `InMemoryStore`, which gives them to its embedder. */
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import { memoryStorage } from "@memcube/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

import { worlds } from "./store-world.ts";

const newWorld = worlds(() => memoryStorage());

const VALUE = {
  title: "Lemon",
  pages: 12,
  open: true,
  nothing: null,
  meta: { author: { name: "Ada", age: 36 }, "odd key": "odd" },
  chapters: [
    { body: "apple", notes: ["n1", "n2"] },
    { body: "pear", notes: [] },
    { notes: ["n3"] },
    "loose",
  ],
  matrix: [
    [1, 2],
    [3, 4],
  ],
};

const PATHS = [
  "title",
  "pages",
  "open",
  "nothing",
  "missing",
  "meta.author.name",
  "meta.author",
  "meta.odd key",
  "title.deeper",
  "chapters[*].body",
  "chapters[0].body",
  "chapters[-2].body",
  "chapters[9].body",
  "chapters[*].notes[*]",
  "chapters[0].notes",
  "chapters[x]",
  "title[0]",
  "matrix[1][0]",
  "matrix[*][*]",
  "meta.*",
  "*",
  "meta.author.*",
  "{title,pages}",
  "{title, meta.author.name}",
  "meta.{author.age,missing}",
  "chapters[*].{body,notes}",
];

async function textsOfPeer(paths: readonly string[]): Promise<string[]> {
  const seen: string[] = [];
  const embeddings: EmbeddingsInterface = {
    embedQuery: async () => await Promise.resolve([1]),
    embedDocuments: async (texts) => {
      seen.push(...texts);
      return await Promise.resolve(texts.map(() => [1]));
    },
  };
  const peer = new InMemoryStore({ index: { dims: 1, embeddings: embeddings as never } });
  await peer.put(["n"], "k", VALUE, [...paths]);
  return seen;
}

/** JSON without the spaces that only one of both writes. */
const compact = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
};

async function texts(paths: readonly string[]) {
  const { store, os } = await newWorld();
  await store.put(["n"], "k", VALUE, [...paths]);
  const cube = await os.as({ userId: "local" }).cube("user:local");
  const payload = (await cube.getByKey("path:n/k/"))?.payload;
  const text = payload?.type === "json" ? payload.text : undefined;
  const ours = (text ?? "").split("\n").filter((line) => line !== "");
  const theirs = (await textsOfPeer(paths)).map(compact);
  return { ours: new Set(ours.map(compact)), theirs: new Set(theirs) };
}

test.each(PATHS)("%s", async (path) => {
  const { ours, theirs } = await texts([path]);
  expect(ours).toEqual(theirs);
});

test("several at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray(PATHS, { minLength: 1, maxLength: 4 }), async (paths) => {
      const { ours, theirs } = await texts(paths);
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 30 },
  );
});
