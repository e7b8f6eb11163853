/** A damaged or foreign model file is refused with a reason; this process lives on. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMemCubeError } from "@memcube/core";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
let whole: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-damaged-"));
  whole = await readFile(await tinyModel({ architecture: "qwen2" }));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Opens a model made of these bytes; the reason why not. */
async function reasonFor(bytes: Uint8Array): Promise<string> {
  const model = join(folder, "model.gguf");
  await writeFile(model, bytes);
  try {
    const engine = await llamaEngine({ model, threads: 1, contextSize: 256 });
    await engine.close();
    return "none";
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_MODEL_INVALID")) throw error;
    expect(error.details["path"]).toBe(model);
    return String(error.details["reason"]);
  }
}

/** The model with another number for a key of its architecture. */
function withNumber(key: string, value: number): Uint8Array {
  const bytes = Buffer.from(whole);
  const name = `qwen2.${key}`;
  bytes.writeUInt32LE(value, bytes.indexOf(name) + name.length + 4);
  return bytes;
}

function withText(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(whole);
  bytes.write(to, bytes.indexOf(from));
  return bytes;
}

/** The token `"` becomes a second `!`. */
function tokenTwice(): Uint8Array {
  const bytes = Buffer.from(whole);
  const quote = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0x22]);
  const at = bytes.indexOf(quote, bytes.indexOf("tokenizer.ggml.tokens"));
  bytes.write("!", at + quote.length - 1);
  return bytes;
}

describe("a damaged model", () => {
  it.each([
    ["block_count", 0, "block_count is 0"],
    ["block_count", 600, "600 layers"],
    ["context_length", 0, "context_length is 0"],
    ["embedding_length", 64, "does not fit its tensors"],
    ["feed_forward_length", 0, "feed_forward_length is 0"],
    ["attention.head_count", 7, "does not fit its tensors"],
    ["attention.key_length", 0, "key_length is 0"],
  ])("with a %s of %i is refused before llama.cpp sees it", async (key, value, reason) => {
    expect(await reasonFor(withNumber(key, value))).toContain(reason);
  });

  it.each<[string, () => Uint8Array, string]>([
    ["cut by a byte", () => whole.subarray(0, -1), "cut short"],
    ["cut in the middle", () => whole.subarray(0, whole.length / 2), "cut short"],
    ["with a token twice", tokenTwice, "a token occurs twice"],
    ["without an architecture", () => withText("general.arch", "general.ARCH"), "architecture"],
    ["that is no model", () => withText("model\f", "lamps\f"), "it is no model but: lamps"],
    ["of another length", () => Buffer.concat([whole, Buffer.alloc(64)]), "none"],
  ])("%s is refused, or does not matter", async (_, damaged, reason) => {
    expect(await reasonFor(damaged())).toContain(reason);
  });

  it.each<[string, () => Uint8Array, string]>([
    ["ends its process over", () => withNumber("rope.dimension_count", 16), "GGML_ASSERT"],
    ["refuses", () => withText("qwen2\f", "qwen9\f"), "qwen9.block_count is 0"],
    [
      "does not know",
      () => withText("blk.0.attn_q.weight", "blk.0.attn_x.weight"),
      "can't load it",
    ],
  ])("that llama.cpp %s does no harm here", async (_, damaged, reason) => {
    expect(await reasonFor(damaged())).toContain(reason);
  });

  it("is known by its checksum", async () => {
    const model = await tinyModel();
    const opening = llamaEngine({ model, threads: 1, sha256: "0".repeat(64) });
    await expect(opening).rejects.toMatchObject({ code: "MEMCUBE_MODEL_INVALID" });
  });
});
