import { type GgufWriteTensor, writeGguf } from "../gguf/write-gguf.ts";
import { madeOnce } from "./model-file.ts";
import { modelMetadata, type ModelShape, modelTensors, type ShapedTensor } from "./model-shape.ts";
import { normalValues, seededRandom } from "./random.ts";
import { makeVocabulary } from "./vocabulary.ts";
import { encodeWeights, randomQuantised } from "./weights.ts";

/** The shape of Qwen2.5 0.5B. */
const SHAPE: ModelShape = {
  architecture: "qwen2",
  name: "random-qwen2-0.5b",
  width: 896,
  layers: 24,
  heads: 14,
  keyValueHeads: 2,
  headWidth: 64,
  feedForward: 4_864,
  contextTokens: 32_768,
  ropeBase: 1e6,
  epsilon: 1e-6,
  tied: true,
};
const VOCABULARY_SIZE = 151_936;

/**
 * Makes a GGUF model of the shape of Qwen2.5 0.5B, Q8_0, 529 MB, random weights, in some seconds: what it
 * costs to run is real, what it says is not. For benches.
 *
 * @returns path of the file, which is kept and found again
 */
export function largeModel(
  options: { readonly seed?: number; readonly directory?: string } = {},
): Promise<string> {
  const { seed = 1, directory } = options;
  return madeOnce(`${SHAPE.name}-Q8_0-${seed}`, directory, (path) => {
    const vocabulary = makeVocabulary(1_500, VOCABULARY_SIZE);
    const random = seededRandom(seed);
    const tensors = modelTensors(SHAPE, vocabulary.tokens.length);
    return writeGguf(
      path,
      modelMetadata(SHAPE, vocabulary, "Q8_0"),
      tensors.map((tensor, index) => largeTensor(tensor, random, seed * 1_000 + index)),
    );
  });
}

function largeTensor(
  { name, shape, role }: ShapedTensor,
  random: () => number,
  seed: number,
): GgufWriteTensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const [row = 1] = shape;
  if (role === "matrix") {
    const gain = /attn_[qk]\./.test(name) ? 1.6 : 1;
    const deviation = name.startsWith("token_embd") ? 0.1 : gain / Math.sqrt(row);
    return { name, type: "Q8_0", shape, data: () => randomQuantised(count, deviation, seed) };
  }
  const values =
    role === "norm" ? new Float32Array(count).fill(1) : normalValues(count, 0.1, random);
  return { name, type: "F32", shape, data: () => [encodeWeights(values, "F32")] };
}
