import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readGguf } from "../gguf/read-gguf.ts";
import { tinyModel, type TinyModelOptions } from "./tiny-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-tiny-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

describe("a tiny model", () => {
  it("has the same bytes for the same options, others for another seed", async () => {
    const made = async (options: TinyModelOptions, place: string): Promise<string> =>
      hashOf(await tinyModel({ ...options, directory: join(folder, place) }));
    const [one, again, other] = [
      await made({ seed: 1 }, "a"),
      await made({ seed: 1 }, "b"),
      await made({ seed: 2 }, "a"),
    ];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  it("is made once, also by several at a time", async () => {
    const directory = join(folder, "c");
    const paths = await Promise.all([1, 2, 3].map(() => tinyModel({ directory })));
    expect(new Set(paths).size).toBe(1);
    const header = await readGguf(paths[0] ?? "");
    expect(header.metadata.get("general.architecture")).toBe("llama");
    expect(header.tensors.get("token_embd.weight")?.shape).toEqual([128, 448]);
  });

  it("is half the size in Q8_0", async () => {
    const directory = join(folder, "d");
    const half = await readGguf(await tinyModel({ directory, weights: "F16" }));
    const eighth = await readGguf(await tinyModel({ directory, weights: "Q8_0" }));
    expect(eighth.sizeBytes / half.sizeBytes).toBeCloseTo(0.536, 2);
  });
});
