import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";

import { type GgufHeader, readGguf } from "../gguf/read-gguf.ts";
import { encodeFloats } from "../gguf/tensor-values.ts";
import type { GgufWriteTensor, GgufWriteValue } from "../gguf/write-gguf.ts";
import { loraInvalid } from "./invalid.ts";
import { type Matrix, readSafetensors } from "./safetensors.ts";
import type { LoraBase } from "./types.ts";

/** Linear layers of llama, qwen2 and qwen3, as PEFT and as GGUF call them. */
const MODULES: Readonly<Record<string, string>> = {
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};
const ARCHITECTURES: readonly unknown[] = ["llama", "qwen2", "qwen3"];
const TENSOR =
  /^(?:base_model\.)?(?:model\.)*((?:layers\.(\d+)\.)?([\w.]+?))\.lora_([AB])(?:\.default)?\.weight$/;

/** What a GGUF LoRA can't express must not be asked for. */
const absent = (what: string) =>
  z
    .unknown()
    .refine((value) => value === null || value === false || isEmpty(value), { message: what })
    .optional();
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

const configSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  lora_alpha: z.number().refine((alpha) => alpha !== 0),
  r: z.int().min(1),
  use_rslora: z.boolean().nullish(),
  bias: z.literal("none").nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  /** These change the base, too: what was learned is the difference to another model. */
  init_lora_weights: z
    .unknown()
    .refine((how) => typeof how !== "string" || !/^(?:pissa|olora|corda|loftq)/i.test(how), {
      message: "a base that was changed at the start",
    })
    .optional(),
  use_dora: absent("DoRA"),
  alora_invocation_tokens: absent("activation by tokens"),
  modules_to_save: absent("saved modules"),
  trainable_token_indices: absent("trained tokens"),
  layer_replication: absent("replicated layers"),
  fan_in_fan_out: absent("transposed weights"),
  lora_bias: absent("a bias in the LoRA"),
  target_parameters: absent("targets that are no layers"),
});
type Config = z.infer<typeof configSchema>;

/** What a GGUF LoRA is made of. */
export interface PeftLora {
  readonly metadata: Readonly<Record<string, GgufWriteValue>>;
  readonly tensors: readonly GgufWriteTensor[];
}

/**
 * Reads a LoRA as PEFT saves it and turns it into tensors of llama.cpp.
 *
 * @throws MemCubeError `MEMCUBE_LORA_INVALID` with `details.defect`
 */
export async function readPeft(directory: string, base: LoraBase): Promise<PeftLora> {
  const config = await readConfig(join(directory, "adapter_config.json"));
  const model = await readGguf(base.modelPath);
  const architecture = model.metadata.get("general.architecture");
  if (typeof architecture !== "string" || !ARCHITECTURES.includes(architecture)) {
    throw loraInvalid("architecture", `for ${String(architecture)} PEFT files can't be read`);
  }
  const matrices = await readSafetensors(join(directory, "adapter_model.safetensors"));
  const pairs = pairsIn(matrices);
  const tensors = [...pairs].flatMap(([name, { module, a, b }]) => {
    const shaped = b === undefined || a === undefined ? undefined : { a, b };
    if (shaped === undefined) throw loraInvalid("half-a-pair", `one half of ${module} is missing`);
    const factor = factorOf(config, module, shaped.a.rows);
    const permuted = permutedRows(shaped.b, headsOf(model, architecture, name));
    const scaled =
      factor === 1 ? permuted : { ...permuted, values: permuted.values.map((x) => x * factor) };
    return [tensorOf(`${name}.lora_a`, shaped.a), tensorOf(`${name}.lora_b`, scaled)];
  });
  return {
    metadata: {
      "general.architecture": { string: architecture },
      "general.type": { string: "adapter" },
      "general.name": { string: basename(directory) },
      "adapter.type": { string: "lora" },
      "adapter.lora.alpha": { float32: config.lora_alpha },
    },
    tensors,
  };
}

async function readConfig(path: string): Promise<Config> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw loraInvalid("peft-config", "adapter_config.json can't be read", { path }, error);
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  const why = `adapter_config.json asks for what can't be done: ${field} (${issue?.message ?? ""})`;
  throw loraInvalid("not-supported", why, { field });
}

interface Halves {
  readonly module: string;
  readonly a?: Matrix;
  readonly b?: Matrix;
}

function pairsIn(matrices: ReadonlyMap<string, Matrix>): ReadonlyMap<string, Halves> {
  const pairs = new Map<string, Halves>();
  for (const [tensor, matrix] of matrices) {
    const [, module = "", layer, leaf = "", half] = TENSOR.exec(tensor) ?? [];
    const target = layer === undefined ? undefined : MODULES[leaf];
    const name =
      target === undefined
        ? module === "lm_head"
          ? "output.weight"
          : undefined
        : `blk.${layer}.${target}.weight`;
    if (name === undefined) {
      throw loraInvalid("not-supported", `tensor ${tensor} belongs to no linear layer`);
    }
    const halves = pairs.get(name) ?? { module };
    const side = half === "A" ? "a" : "b";
    if (halves[side] !== undefined) {
      throw loraInvalid("peft-file", `two tensors are the same half of ${module}`);
    }
    pairs.set(name, { ...halves, [side]: matrix });
  }
  if (pairs.size === 0) throw loraInvalid("no-tensors", "it changes nothing");
  return pairs;
}

/** What B is multiplied with, so that alpha / rank of the file gives PEFT's own scale. */
function factorOf(config: Config, module: string, rank: number): number {
  const alpha = alphaOf(config, module);
  const wanted = config.use_rslora === true ? alpha / Math.sqrt(rank) : alpha / rank;
  return wanted / (config.lora_alpha / rank);
}

/** A key of `alpha_pattern` is the end of a module's name; PEFT takes the first that fits. */
function alphaOf({ alpha_pattern: pattern, lora_alpha: alpha }: Config, module: string): number {
  for (const [key, value] of Object.entries(pattern ?? {})) {
    if (!/^[\w.]+$/.test(key)) {
      throw loraInvalid("not-supported", `alpha_pattern has the expression ${key}`);
    }
    if (module === key || module.endsWith(`.${key}`)) return value;
  }
  return alpha;
}

/** Heads by which rows are reordered; `undefined` where they are not. */
function headsOf(model: GgufHeader, architecture: string, name: string): number | undefined {
  if (architecture !== "llama") return undefined;
  const key = name.endsWith("attn_q.weight")
    ? "llama.attention.head_count"
    : name.endsWith("attn_k.weight")
      ? "llama.attention.head_count_kv"
      : undefined;
  if (key === undefined) return undefined;
  const heads = model.metadata.get(key) ?? model.metadata.get("llama.attention.head_count");
  if (typeof heads === "number" && heads > 0) return heads;
  throw loraInvalid("not-supported", "the model's layers have different numbers of heads");
}

/**
 * llama's rotary embedding pairs neighbouring rows in GGUF, and rows half a head apart in PEFT: row
 * `2i + j` of a head is PEFT's row `j * half + i`.
 */
export function permutedRows(matrix: Matrix, heads: number | undefined): Matrix {
  if (heads === undefined) return matrix;
  const { rows, columns, values } = matrix;
  const perHead = rows / heads;
  const half = perHead / 2;
  if (!Number.isInteger(half)) {
    throw loraInvalid("tensor-shape", `${rows} rows are no ${heads} heads`);
  }
  const permuted = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    const [head, within] = [Math.floor(row / perHead), row % perHead];
    const from = head * perHead + (within % 2) * half + (within >> 1);
    permuted.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { rows, columns, values: permuted };
}

function tensorOf(name: string, { rows, columns, values }: Matrix): GgufWriteTensor {
  const data = () => [encodeFloats(values, "F32")];
  return { name, type: "F32", shape: [columns, rows], data };
}
