import { createHash, randomUUID } from "node:crypto";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { readGguf } from "../gguf/read-gguf.ts";
import { encodeFloats } from "../gguf/tensor-values.ts";
import type { GgufWriteTensor } from "../gguf/write-gguf.ts";
import { testLlama } from "../kv/testing.ts";
import { tinyLora, tinyModel } from "../testing/index.ts";
import { checkLora } from "./check-lora.ts";
import { type LoraDirectory, loraDirectory } from "./lora-directory.ts";
import { permutedRows } from "./peft.ts";
import type { LoraBase } from "./types.ts";

let base: LoraBase;
let folder: string;
let loras: LoraDirectory;
let file: string;

async function baseOf(modelPath: string): Promise<LoraBase> {
  const modelSha256 = createHash("sha256")
    .update(await readFile(modelPath))
    .digest("hex");
  return { modelPath, modelSha256 };
}

beforeAll(async () => void (base = await baseOf(await tinyModel())));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-lora-"));
  loras = loraDirectory({ directory: join(folder, "loras") });
  file = join(folder, "lora.gguf");
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const write = (options: Partial<Parameters<typeof tinyLora>[1]> = {}) =>
  tinyLora(file, { base: base.modelPath, baseSha256: base.modelSha256, ...options });

describe("a LoRA", () => {
  test("is kept under its content and found by name and hash", async () => {
    await write();
    const added = await loras.add(file, { base, name: "facts" });
    expect(added).toMatchObject({ architecture: "llama", rank: 4, alpha: 8 });
    expect(added.baseModelSha256).toBe(base.modelSha256);
    expect(added.targets).toHaveLength(28);
    const { path, sha256 } = added;
    expect(
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    ).toBe(sha256);
    expect(await loras.resolve("facts", base)).toEqual({ path, sha256 });
    expect(await loras.resolve(sha256, base)).toEqual({ path, sha256 });
    expect(await loras.resolve("others", base)).toBeUndefined();
    expect(await loras.resolve("f".repeat(64), base)).toBeUndefined();
    expect(await loras.list()).toEqual([{ sha256, names: ["facts"] }]);
    expect((await loras.add(file, { base })).path).toBe(path);
    expect(await loras.remove(sha256)).toBe(true);
    expect(await loras.resolve("facts", base)).toBeUndefined();
  });

  test("that a process was writing when it died is swept, one that is being written is not", async () => {
    const directory = join(folder, "loras");
    await mkdir(directory);
    const [dead, ahead, alive] = [randomUUID(), randomUUID(), randomUUID()];
    const names = [`${dead}.part`, dead, `${ahead}.part`, `${alive}.part`, "notes.part"];
    for (const name of names) await writeFile(join(directory, name), "half");
    const minutes = (count: number) => new Date(Date.now() + count * 60_000);
    for (const name of [`${dead}.part`, dead, "notes.part"])
      await utimes(join(directory, name), minutes(-11), minutes(-11));
    await utimes(join(directory, `${ahead}.part`), minutes(11), minutes(11));
    await write();
    const { sha256 } = await loras.add(file, { base });
    expect((await readdir(directory)).toSorted()).toEqual(
      [`${alive}.part`, `${sha256}.gguf`, "notes.part"].toSorted(),
    );
  });

  test("that is removed while it is added again is added all the same", async () => {
    await write();
    const { sha256, path } = await loras.add(file, { base });
    const others = loraDirectory({ directory: join(folder, "loras") });
    let goesOn = true;
    const removing = (async () => {
      while (goesOn) await others.remove(sha256);
    })();
    try {
      for (let round = 0; round < 8; round += 1)
        await Promise.all(Array.from({ length: 8 }, () => loras.add(file, { base })));
    } finally {
      goesOn = false;
      await removing;
    }
    expect((await loras.add(file, { base })).path).toBe(path);
    expect(await loras.resolve(sha256, base)).toEqual({ path, sha256 });
  });

  test("that says no base is taken only when the caller says which, and says it then", async () => {
    await write({ baseSha256: undefined });
    await expect(loras.add(file, { base })).rejects.toMatchObject({
      details: { defect: "no-base-identity" },
    });
    const { path } = await loras.add(file, { base, assertBase: true });
    const { metadata, tensors } = await readGguf(path);
    expect(metadata.get("memcube.base.sha256")).toBe(base.modelSha256);
    expect([...tensors.keys()]).toEqual([...(await readGguf(file)).tensors.keys()]);
  });

  test("of a foreign base with the same shapes is refused, whatever the caller says", async () => {
    await write();
    for (const foreign of [await tinyModel({ seed: 2 }), await tinyModel({ weights: "Q8_0" })]) {
      const other = await baseOf(foreign);
      await expect(loras.add(file, { base: other, assertBase: true })).rejects.toMatchObject({
        code: "MEMCUBE_LORA_INVALID",
        details: { defect: "foreign-base" },
      });
      const { sha256 } = await loras.add(file, { base });
      await expect(loras.resolve(sha256, other)).rejects.toMatchObject({
        details: { defect: "foreign-base" },
      });
    }
  });

  test("that was damaged after it was added is refused", async () => {
    await write();
    const { path, sha256 } = await loras.add(file, { base });
    await loras.resolve(sha256, base);
    const bytes = await readFile(path);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(path, bytes);
    await expect(loras.resolve(sha256, base)).rejects.toMatchObject({
      details: { defect: "damaged" },
    });
  });

  const changed =
    (name: RegExp, change: Partial<GgufWriteTensor>) => (tensors: readonly GgufWriteTensor[]) =>
      tensors.map((tensor) => (name.test(tensor.name) ? { ...tensor, ...change } : tensor));
  const values = (value: number) =>
    changed(/blk\.2\.ffn_up\.weight\.lora_b/, {
      data: () => [encodeFloats(new Float32Array(4 * 384).fill(value), "F32")],
    });
  const refused: readonly [string, string, Partial<Parameters<typeof tinyLora>[1]>][] = [
    ["another architecture", "architecture", { architecture: "qwen2" }],
    ["a model", "not-a-lora", { metadata: { "general.type": { string: "model" } } }],
    ["another kind of adapter", "not-a-lora", { metadata: { "adapter.type": { string: "ia3" } } }],
    [
      "one that is activated by tokens",
      "not-supported",
      { metadata: { "adapter.alora.invocation_tokens": { int32s: [1] } } },
    ],
    ["no tensors", "no-tensors", { targets: /nothing/ }],
    ["the embedding", "unknown-tensor", { targets: /token_embd/ }],
    ["a layer too many", "unknown-tensor", { change: renamed("blk.1.", "blk.9.") }],
    ["a tensor that is no half", "unknown-tensor", { change: renamed(".lora_a", ".lora_c") }],
    ["only half of a pair", "half-a-pair", { change: (tensors) => tensors.slice(1) }],
    ["another shape", "tensor-shape", { change: renamed("ffn_up", "ffn_down") }],
    ["quantised values", "tensor-type", { change: quantised }],
    ["NaN", "not-finite", { change: values(Number.NaN) }],
    ["infinite values", "not-finite", { change: values(Infinity) }],
    ["values of a flipped exponent", "not-finite", { change: values(-1e30) }],
    ["infinite halves", "not-finite", { type: "F16", change: halves }],
    ["an alpha that is not finite", "scale", { alpha: Number.NaN }],
    ["a huge alpha", "scale", { alpha: 1e30 }],
    ["no alpha", "scale", { metadata: { "adapter.lora.alpha": { string: "8" } } }],
  ];
  function renamed(from: string, to: string) {
    return (tensors: readonly GgufWriteTensor[]) =>
      tensors
        .filter(({ name }) => (from.startsWith("ffn") ? !name.includes(to) : true))
        .map((tensor) => ({ ...tensor, name: tensor.name.replace(from, to) }));
  }
  function quantised(tensors: readonly GgufWriteTensor[]): readonly GgufWriteTensor[] {
    return tensors.map((tensor) =>
      tensor.name === "blk.0.attn_q.weight.lora_a"
        ? { ...tensor, type: "Q8_0", data: () => [Buffer.alloc((128 / 32) * 34 * 4)] }
        : tensor,
    );
  }
  function halves(tensors: readonly GgufWriteTensor[]): readonly GgufWriteTensor[] {
    const data = () => [Buffer.alloc(4 * 384 * 2, Buffer.from([0, 0x7c]))];
    return changed(/blk\.2\.ffn_up\.weight\.lora_b/, { data })(tensors);
  }

  test.each(refused)("with %s is refused: %s", async (_, defect, options) => {
    await write(options);
    await expect(loras.add(file, { base })).rejects.toMatchObject({
      code: "MEMCUBE_LORA_INVALID",
      details: { defect },
    });
    expect(await loras.list()).toEqual([]);
  });

  test.each([
    ["adapter.lora.alpha", { uint32: 8 }],
    ["general.alignment", { float32: 32 }],
    ["general.alignment", { int32: 32 }],
  ])(
    "whose %s is of another type is refused: over such an alpha llama.cpp ends the process",
    async (key, value) => {
      await write({ metadata: { [key]: value } });
      await expect(checkLora(file, base)).rejects.toMatchObject({ code: "MEMCUBE_LORA_INVALID" });
    },
  );

  test("that is no file, cut short or no GGUF is refused", async () => {
    await expect(loras.add(file, { base })).rejects.toMatchObject({ code: "MEMCUBE_LORA_INVALID" });
    await write();
    const whole = await readFile(file);
    for (const length of [0, 3, 24, 500, whole.length >> 1, whole.length - 4]) {
      await writeFile(file, whole.subarray(0, length));
      await expect(loras.add(file, { base }), `${length}`).rejects.toMatchObject({
        code: "MEMCUBE_LORA_INVALID",
      });
    }
    await expect(loras.add(base.modelPath, { base })).rejects.toMatchObject({
      details: { defect: "not-a-lora" },
    });
  });
});

describe("a LoRA of PEFT", () => {
  const CONFIG = {
    peft_type: "LORA",
    r: 4,
    lora_alpha: 8,
    bias: "none",
    target_modules: ["q_proj"],
  };
  const rows = (count: number, columns: number, start: number) =>
    Float32Array.from({ length: count * columns }, (_, at) => start + at / 1_000);

  async function peft(
    config: object,
    tensors: Readonly<Record<string, { shape: [number, number]; values: Float32Array }>>,
  ): Promise<string> {
    const directory = join(folder, "peft");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "adapter_config.json"), JSON.stringify(config));
    let offset = 0;
    const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
    for (const [name, { shape, values }] of Object.entries(tensors)) {
      const end = offset + values.byteLength;
      header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
      offset = end;
    }
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    const data = Object.values(tensors).map(({ values }) => Buffer.from(values.buffer));
    await writeFile(
      join(directory, "adapter_model.safetensors"),
      Buffer.concat([length, json, ...data]),
    );
    return directory;
  }
  const pair = (module: string, output = 128) => ({
    [`base_model.model.model.layers.1.${module}.lora_A.weight`]: {
      shape: [4, 128] as [number, number],
      values: rows(4, 128, 0),
    },
    [`base_model.model.model.layers.1.${module}.lora_B.weight`]: {
      shape: [output, 4] as [number, number],
      values: rows(output, 4, 1),
    },
  });

  async function valuesOf(path: string, tensor: string): Promise<Float32Array> {
    const { tensors } = await readGguf(path);
    const { offset, sizeBytes } = tensors.get(tensor)!;
    const bytes = (await readFile(path)).subarray(offset, offset + sizeBytes);
    return new Float32Array(new Uint8Array(bytes).buffer);
  }

  test("becomes a GGUF that llama.cpp loads; queries and keys are reordered for llama", async () => {
    const tensors = {
      ...pair("self_attn.q_proj"),
      ...pair("self_attn.k_proj", 64),
      ...pair("mlp.up_proj", 384),
    };
    const { path, sha256 } = await loras.addPeft(await peft(CONFIG, tensors), { base, name: "p" });
    expect(await loras.resolve("p", base)).toEqual({ path, sha256 });
    expect(await valuesOf(path, "blk.1.attn_q.weight.lora_a")).toEqual(rows(4, 128, 0));
    expect(await valuesOf(path, "blk.1.ffn_up.weight.lora_b")).toEqual(rows(384, 4, 1));
    const query = await valuesOf(path, "blk.1.attn_q.weight.lora_b");
    const plain = rows(128, 4, 1);
    // Head 1 (of 32 rows): row 2i + j of the file is row 16j + i of PEFT.
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [5, 1],
      [15, 0],
    ] as const) {
      const [to, from] = [(32 + 2 * i + j) * 4, (32 + 16 * j + i) * 4];
      expect(query.subarray(to, to + 4)).toEqual(plain.subarray(from, from + 4));
    }
    const llama = await testLlama();
    try {
      const model = await llama.loadModel({ modelPath: base.modelPath });
      await using context = await model.createContext({ contextSize: 256, lora: path });
      expect(context.contextSize).toBeGreaterThan(0);
    } finally {
      await llama.dispose();
    }
  });

  test("is taken as it is for qwen2", async () => {
    const qwen = await baseOf(await tinyModel({ architecture: "qwen2" }));
    const directory = await peft(CONFIG, pair("self_attn.q_proj"));
    const { path } = await loras.addPeft(directory, { base: qwen });
    expect(await valuesOf(path, "blk.1.attn_q.weight.lora_b")).toEqual(rows(128, 4, 1));
  });

  test("keeps its scale: rank-stabilised, and by module", async () => {
    const plain = rows(128, 4, 1);
    const stabilised = await peft({ ...CONFIG, use_rslora: true }, pair("self_attn.v_proj", 64));
    const one = await loras.addPeft(stabilised, { base });
    const first = await valuesOf(one.path, "blk.1.attn_v.weight.lora_b");
    expect(first[5]).toBeCloseTo(plain[5]! * 2, 5);
    const patterned = { ...CONFIG, alpha_pattern: { "self_attn.v_proj": 16 } };
    const two = await loras.addPeft(await peft(patterned, pair("self_attn.v_proj", 64)), { base });
    expect((await valuesOf(two.path, "blk.1.attn_v.weight.lora_b"))[5]).toBeCloseTo(
      plain[5]! * 2,
      5,
    );
  });

  test.each([
    ["DoRA", "not-supported", { use_dora: true }],
    ["trained biases", "not-supported", { bias: "all" }],
    ["saved modules", "not-supported", { modules_to_save: ["lm_head"] }],
    ["another method", "not-supported", { peft_type: "IA3" }],
    ["transposed weights", "not-supported", { fan_in_fan_out: true }],
    ["an expression for alpha", "not-supported", { alpha_pattern: { ".*proj": 4 } }],
    ["a base changed at the start", "not-supported", { init_lora_weights: "pissa_niter_4" }],
    ["activation by tokens", "not-supported", { alora_invocation_tokens: [1, 2] }],
  ])("with %s is refused", async (_, defect, config) => {
    const directory = await peft({ ...CONFIG, ...config }, pair("self_attn.q_proj"));
    await expect(loras.addPeft(directory, { base })).rejects.toMatchObject({ details: { defect } });
  });

  test("with tensors that do not fit is refused", async () => {
    for (const [defect, tensors] of [
      ["not-supported", pair("embed_tokens")],
      ["tensor-shape", pair("self_attn.q_proj", 64)],
      ["half-a-pair", Object.fromEntries(Object.entries(pair("self_attn.q_proj")).slice(1))],
      ["no-tensors", {}],
    ] as const) {
      const directory = await peft(CONFIG, tensors);
      await expect(loras.addPeft(directory, { base }), defect).rejects.toMatchObject({
        details: { defect },
      });
    }
    const directory = await peft(CONFIG, pair("self_attn.q_proj"));
    const path = join(directory, "adapter_model.safetensors");
    const whole = await readFile(path);
    for (const length of [0, 7, 20, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      await expect(loras.addPeft(directory, { base }), `${length}`).rejects.toMatchObject({
        details: { defect: "peft-file" },
      });
    }
    await writeFile(path, whole);
    await appendFile(path, "more");
    await expect(loras.addPeft(directory, { base })).rejects.toMatchObject({
      details: { defect: "peft-file" },
    });
  });

  test("with two tensors for one half, or bytes that two tensors share, is refused", async () => {
    const tensors = pair("self_attn.q_proj");
    const again = Object.entries(tensors).map(
      ([name, matrix]) => [name.replace(".weight", ".default.weight"), matrix] as const,
    );
    const twice = { ...tensors, ...Object.fromEntries(again) };
    await expect(loras.addPeft(await peft(CONFIG, twice), { base })).rejects.toMatchObject({
      details: { defect: "peft-file" },
    });
    const directory = await peft(CONFIG, tensors);
    const path = join(directory, "adapter_model.safetensors");
    const text = (await readFile(path)).toString("latin1");
    const [first = "", second = ""] = text.match(/"data_offsets":\[\d+,\d+\]/g) ?? [];
    expect(first.length).toBeGreaterThan(0);
    const shared = text.replace(second, first.padEnd(second.length - 1, " "));
    await writeFile(path, shared, "latin1");
    await expect(loras.addPeft(directory, { base })).rejects.toMatchObject({
      details: { defect: "peft-file" },
    });
  });

  test("is made anew when what was kept of it is damaged", async () => {
    const directory = await peft(CONFIG, pair("self_attn.q_proj"));
    const { path, sha256 } = await loras.addPeft(directory, { base });
    await writeFile(path, (await readFile(path)).subarray(0, -64));
    await expect(loras.resolve(sha256, base)).rejects.toMatchObject({
      code: "MEMCUBE_LORA_INVALID",
    });
    await loras.addPeft(directory, { base });
    expect(await loras.resolve(sha256, base)).toEqual({ path, sha256 });
  });

  test("has its rows reordered so that products of queries and keys stay the same", () => {
    // Two heads of four rows; row r of the input has the value r.
    const matrix = { rows: 8, columns: 1, values: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]) };
    expect([...permutedRows(matrix, 2).values]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
});
