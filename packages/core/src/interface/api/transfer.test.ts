import { afterEach, describe, expect, test } from "vitest";

import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { ExportLine, MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function start(options: Parameters<typeof testOS>[0] = {}) {
  const { os, storage } = testOS(options);
  opened.push(os);
  const me = os.as({ userId: "ada" });
  const cube = await me.createCube("from", { allow: ["everyone"] });
  const copy = await me.createCube("copy", { allow: ["everyone"] });
  return { os, me, cube, copy, storage };
}

async function linesOf(cube: MemCube): Promise<ExportLine[]> {
  const lines: ExportLine[] = [];
  for await (const line of cube.export()) lines.push(line);
  return lines;
}

describe("import", () => {
  test("keeps lists: who could not see it can't afterwards", async () => {
    const { os, cube, copy } = await start();
    await cube.add("secret", { allow: ["user:carl"], deny: ["user:eve"] });
    await copy.import(await linesOf(cube));
    expect((await copy.list()).items[0]?.header).toMatchObject({
      allow: ["user:carl"],
      deny: ["user:eve"],
    });
    expect((await (await os.as({ userId: "bob" }).cube("copy")).list()).items).toEqual([]);
    expect((await (await os.as({ userId: "carl" }).cube("copy")).list()).items).toHaveLength(1);
  });

  test("what goes into the log is not the line's to say", async () => {
    const { cube, copy, storage } = await start();
    await cube.add([{ type: "fact", text: "The sky is blue." }, "Other"]);
    const [line, other] = await linesOf(cube);
    const forged = {
      ...line,
      header: {
        ...line?.header,
        id: "ada@example.com has illness X",
        type: "secret text",
        kind: "parameter",
        state: "forgotten",
        fingerprint: other?.header.fingerprint,
      },
    };
    const edge = { type: "about", to: { cubeId: "from", id: "ada@example.com has illness X" } };
    const result = await copy.import([forged, { ...other, edges: [edge] }]);
    expect(result).toMatchObject({ imported: 2, rejected: [] });
    const { items } = await copy.list({ states: ["archived", "generated"] });
    const [memory, second] = items;
    expect(memory?.header).toMatchObject({
      kind: "plaintext",
      type: "fact",
      state: "archived",
      fingerprint: line?.header.fingerprint,
    });
    expect(second?.edges[0]?.to).toEqual({ cubeId: "copy", id: memory?.header.id });
    const ref = { tenantId: "default", cubeId: "copy" };
    const log = JSON.stringify(await storage.vault.log(ref, { afterSeq: 0, limit: 10 }));
    expect(log).not.toContain("illness");
    expect(log).not.toContain("secret text");
  });

  test("a line whose key is taken is rejected by itself, without the holder", async () => {
    const { cube, copy } = await start();
    await cube.add("one", { externalKey: "k" });
    await cube.add("two");
    const [holder = ""] = (await copy.add("here already", { externalKey: "k" })).ids;
    const lines = await linesOf(cube);
    const result = await copy.import(lines);
    expect(result).toMatchObject({ imported: 1, existing: 0, rejected: [{ line: 1 }] });
    expect(JSON.stringify(result)).not.toContain(holder);
    await copy.forget(holder);
    expect(await copy.import(lines)).toMatchObject({ imported: 1, existing: 1, rejected: [] });
    expect((await copy.getByKey("k"))?.payload).toMatchObject({ text: "one" });
  });

  test("what is imported is embedded; progress knows the number of lines", async () => {
    const embedder = wordEmbedder();
    const { cube, copy } = await start({ embedder });
    await (await cube.add(["apple", "pear"])).settled();
    const { calls } = embedder;
    const progress: unknown[] = [];
    const result = await copy.import(await linesOf(cube), {
      onProgress: (step) => progress.push(step),
    });
    expect(await result.settled()).toMatchObject({ finished: 1, failed: 0, waiting: 0 });
    expect(embedder.calls).toBe(calls + 1);
    expect(progress).toEqual([{ done: 2, total: 2 }]);
  });
});
