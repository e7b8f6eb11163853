import { type GgufWriteTensor, type GgufWriteValue, writeGguf } from "../gguf/write-gguf.ts";
import { madeOnce } from "./model-file.ts";
import {
  type Architecture,
  modelMetadata,
  type ModelShape,
  modelTensors,
  type ShapedTensor,
  type WeightType,
} from "./model-shape.ts";
import { normalValues, seededRandom } from "./random.ts";
import { makeVocabulary } from "./vocabulary.ts";
import { encodeWeights } from "./weights.ts";

/** Options of {@link tinyModel}. */
export interface TinyModelOptions {
  /** @default "llama" */
  readonly architecture?: Architecture;
  /** What it is made for. @default "generate" */
  readonly purpose?: "generate" | "embed" | "rerank";
  /** Another seed, other weights: a foreign model of the same shape. @default 1 */
  readonly seed?: number;
  /** @default "F16" */
  readonly weights?: WeightType;
  /** Where the file is kept. @default a folder of the system's temporary directory */
  readonly directory?: string;
}

/**
 * Makes a GGUF model of 2 MB with random weights, in a fifth of a second: all of the engine can be
 * tried with it, the sense of what it says can't. The same options give the same bytes.
 *
 * @returns path of the file, which is kept and found again
 */
export function tinyModel(options: TinyModelOptions = {}): Promise<string> {
  const { purpose = "generate", architecture = "llama", seed = 1, weights = "F16" } = options;
  const name = `tiny-${architecture}-${purpose}-${weights}-${seed}`;
  return madeOnce(name, options.directory, (path) => {
    const vocabulary = makeVocabulary(192);
    const shape = tinyShape(architecture, purpose, name);
    const random = seededRandom(seed);
    const size = vocabulary.tokens.length;
    const tensors = modelTensors(shape, size).map((one) => randomTensor(one, weights, random));
    const head = purpose === "rerank" ? [rankHead(shape, random)] : [];
    const metadata = {
      ...modelMetadata(shape, vocabulary, weights),
      ...purposeMetadata(architecture, purpose),
    };
    return writeGguf(path, metadata, [...tensors, ...head]);
  });
}

function tinyShape(
  architecture: Architecture,
  purpose: "generate" | "embed" | "rerank",
  name: string,
): ModelShape {
  const generates = purpose === "generate";
  return {
    architecture,
    name,
    width: 128,
    layers: generates ? 4 : 2,
    heads: 4,
    keyValueHeads: 2,
    headWidth: 32,
    feedForward: 384,
    contextTokens: generates ? 8_192 : 2_048,
    ropeBase: 10_000,
    epsilon: 1e-5,
    tied: !generates,
  };
}

/** llama.cpp's pooling types: the mean of all tokens, the score of a classifier. */
const POOLING = { embed: 1, rerank: 4 } as const;

function purposeMetadata(
  architecture: Architecture,
  purpose: "generate" | "embed" | "rerank",
): Readonly<Record<string, GgufWriteValue>> {
  if (purpose === "generate") return {};
  const pooling = { [`${architecture}.pooling_type`]: { uint32: POOLING[purpose] } };
  if (purpose === "embed") return pooling;
  return {
    ...pooling,
    [`${architecture}.classifier.output_labels`]: { strings: ["yes", "no"] },
    "tokenizer.chat_template.rerank": {
      string: "<|im_start|>query: {query} document: {document}<|im_end|>",
    },
  };
}

function rankHead(shape: ModelShape, random: () => number): GgufWriteTensor {
  const values = normalValues(shape.width * 2, 0.1, random);
  return {
    name: "cls.output.weight",
    type: "F32",
    shape: [shape.width, 2],
    data: () => [encodeWeights(values, "F32")],
  };
}

function randomTensor(
  { name, shape, role }: ShapedTensor,
  weights: WeightType,
  random: () => number,
): GgufWriteTensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const [row = 1] = shape;
  const values =
    role === "norm"
      ? new Float32Array(count).fill(1)
      : normalValues(count, role === "bias" ? 0.1 : deviation(name, row), random);
  const type = role === "matrix" ? weights : "F32";
  return { name, type, shape, data: () => [encodeWeights(values, type)] };
}

/** Sharper attention and output than at the start of a training, or the output ignores its input. */
function deviation(name: string, row: number): number {
  if (name.startsWith("token_embd")) return 0.3;
  const gain = name.startsWith("output.") ? 3 : /attn_[qk]\./.test(name) ? 1.6 : 1;
  return gain / Math.sqrt(row);
}
