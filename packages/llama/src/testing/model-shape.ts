import type { GgufWriteValue } from "../gguf/write-gguf.ts";
import type { Vocabulary } from "./vocabulary.ts";

export type Architecture = "llama" | "qwen2" | "qwen3";

/** Sizes of a dense transformer. */
export interface ModelShape {
  readonly architecture: Architecture;
  readonly name: string;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly feedForward: number;
  readonly contextTokens: number;
  readonly ropeBase: number;
  readonly epsilon: number;
  /** The output matrix is the embedding matrix. */
  readonly tied: boolean;
}

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + " +
  "'<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}" +
  "{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** llama.cpp's `general.file_type`. */
const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7 } as const;
export type WeightType = keyof typeof FILE_TYPES;

/** The metadata llama.cpp asks a model of this shape for. */
export function modelMetadata(
  shape: ModelShape,
  vocabulary: Vocabulary,
  weights: WeightType,
): Readonly<Record<string, GgufWriteValue>> {
  const prefix = shape.architecture;
  return {
    "general.architecture": { string: prefix },
    "general.type": { string: "model" },
    "general.name": { string: shape.name },
    "general.file_type": { uint32: FILE_TYPES[weights] },
    "general.quantization_version": { uint32: 2 },
    [`${prefix}.block_count`]: { uint32: shape.layers },
    [`${prefix}.context_length`]: { uint32: shape.contextTokens },
    [`${prefix}.embedding_length`]: { uint32: shape.width },
    [`${prefix}.feed_forward_length`]: { uint32: shape.feedForward },
    [`${prefix}.attention.head_count`]: { uint32: shape.heads },
    [`${prefix}.attention.head_count_kv`]: { uint32: shape.keyValueHeads },
    [`${prefix}.attention.key_length`]: { uint32: shape.headWidth },
    [`${prefix}.attention.value_length`]: { uint32: shape.headWidth },
    [`${prefix}.attention.layer_norm_rms_epsilon`]: { float32: shape.epsilon },
    [`${prefix}.rope.freq_base`]: { float32: shape.ropeBase },
    [`${prefix}.rope.dimension_count`]: { uint32: shape.headWidth },
    [`${prefix}.vocab_size`]: { uint32: vocabulary.tokens.length },
    "tokenizer.ggml.model": { string: "gpt2" },
    "tokenizer.ggml.pre": { string: "qwen2" },
    "tokenizer.ggml.tokens": { strings: vocabulary.tokens },
    "tokenizer.ggml.token_type": { int32s: vocabulary.types },
    "tokenizer.ggml.merges": { strings: vocabulary.merges },
    "tokenizer.ggml.bos_token_id": { uint32: vocabulary.endOfText },
    "tokenizer.ggml.eos_token_id": { uint32: vocabulary.endOfTurn },
    "tokenizer.ggml.padding_token_id": { uint32: vocabulary.endOfText },
    "tokenizer.ggml.add_bos_token": { bool: false },
    "tokenizer.chat_template": { string: CHATML },
  };
}

export interface ShapedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: "matrix" | "norm" | "bias";
}

/** Every tensor of a model of this shape, in the order in which they lie in the file. */
export function modelTensors(shape: ModelShape, vocabularySize: number): readonly ShapedTensor[] {
  const { width } = shape;
  const layers = Array.from({ length: shape.layers }, (_, layer) => layerTensors(shape, layer));
  return [
    matrix("token_embd", [width, vocabularySize]),
    ...layers.flat(),
    norm("output_norm", width),
    ...(shape.tied ? [] : [matrix("output", [width, vocabularySize])]),
  ];
}

function layerTensors(shape: ModelShape, layer: number): readonly ShapedTensor[] {
  const { architecture, width, headWidth, feedForward } = shape;
  const name = (part: string): string => `blk.${layer}.${part}`;
  const query = shape.heads * headWidth;
  const keyValue = shape.keyValueHeads * headWidth;
  const biases = [bias(name("attn_q"), query), bias(name("attn_k"), keyValue)];
  const norms = [norm(name("attn_q_norm"), headWidth), norm(name("attn_k_norm"), headWidth)];
  return [
    norm(name("attn_norm"), width),
    matrix(name("attn_q"), [width, query]),
    matrix(name("attn_k"), [width, keyValue]),
    matrix(name("attn_v"), [width, keyValue]),
    ...(architecture === "qwen2" ? [...biases, bias(name("attn_v"), keyValue)] : []),
    ...(architecture === "qwen3" ? norms : []),
    matrix(name("attn_output"), [query, width]),
    norm(name("ffn_norm"), width),
    matrix(name("ffn_gate"), [width, feedForward]),
    matrix(name("ffn_up"), [width, feedForward]),
    matrix(name("ffn_down"), [feedForward, width]),
  ];
}

const matrix = (name: string, shape: readonly number[]): ShapedTensor => ({
  name: `${name}.weight`,
  shape,
  role: "matrix",
});
const norm = (name: string, length: number): ShapedTensor => ({
  name: `${name}.weight`,
  shape: [length],
  role: "norm",
});
const bias = (name: string, length: number): ShapedTensor => ({
  name: `${name}.bias`,
  shape: [length],
  role: "bias",
});
