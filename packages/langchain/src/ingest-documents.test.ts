import { Document } from "@langchain/core/documents";
import { describe, expect, test } from "vitest";

import { ingestDocuments } from "./ingest-documents.ts";
import { startMemOS, textsOf } from "./memory-os.testing.ts";
import { MemCubeRetriever } from "./retriever.ts";

const scope = { caller: { userId: "ada" } };
const page = (pageNumber: number, pageContent: string) =>
  new Document({ pageContent, metadata: { source: "guide.pdf", loc: { pageNumber } } });

describe("ingestDocuments", () => {
  test("cuts, names the source and the place in it, and can be done again", async () => {
    const { os } = startMemOS();
    const paragraphs = Array.from({ length: 60 }, (_, i) => `Paragraph ${i} tells of gate ${i}.`);
    const pages = [page(1, paragraphs.join("\n\n")), page(2, "The exit is on the left.")];
    const first = await ingestDocuments(pages, { os, scope, chunkTokens: 60, tags: ["guide"] });
    expect(first.ids.length).toBeGreaterThan(5);
    expect(first).toMatchObject({ added: first.ids.length, rejected: [] });
    const again = await ingestDocuments(pages, { os, scope, chunkTokens: 60, tags: ["guide"] });
    expect(again).toMatchObject({ added: 0, ids: first.ids });
    const [found] = await new MemCubeRetriever({ os, scope, k: 1 }).invoke("Where is the exit?");
    expect(found!.metadata).toMatchObject({
      source: "guide.pdf#page=2",
      memory: { type: "document", tags: ["guide"] },
    });
  });

  test("a page that changed has a new version, parts that are gone are forgotten", async () => {
    const { os } = startMemOS();
    const options = { os, scope, chunkTokens: 20 };
    const { ids } = await ingestDocuments(
      [page(1, "The gate opens at nine.\n\nThe gate closes at six in the evening, every day.")],
      options,
    );
    await ingestDocuments([page(1, "The gate opens at ten.")], options);
    expect(await textsOf(os, "ada")).toEqual(["The gate opens at ten."]);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    expect(await cube.history(ids[0]!)).toHaveLength(2);
  });

  test("reports what holds nothing, and takes documents without a source", async () => {
    const { os } = startMemOS();
    const documents = [
      new Document({ pageContent: " ", metadata: {} }),
      new Document({ pageContent: "Loose leaf.", metadata: {} }),
    ];
    const result = await ingestDocuments(documents, { os, scope });
    expect(result).toMatchObject({ added: 1, rejected: [{ position: "[0]", code: "empty" }] });
  });
});
