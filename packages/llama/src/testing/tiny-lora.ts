import { readGguf } from "../gguf/read-gguf.ts";
import { encodeFloats } from "../gguf/tensor-values.ts";
import { type GgufWriteTensor, type GgufWriteValue, writeGguf } from "../gguf/write-gguf.ts";
import { normalValues, seededRandom } from "./random.ts";

/** Options of {@link tinyLora}. */
export interface TinyLoraOptions {
  /** Path of the model it is for. */
  readonly base: string;
  /** SHA-256 of the model to write into it; left out, the file does not say what it is for. */
  readonly baseSha256?: string;
  /** @default 1 */
  readonly seed?: number;
  /** @default 4 */
  readonly rank?: number;
  /** @default 8 */
  readonly alpha?: number;
  /** @default the model's */
  readonly architecture?: string;
  /** Weights it changes. @default attention and feed-forward layers */
  readonly targets?: RegExp;
  /** @default "F32" */
  readonly type?: "F32" | "F16";
  /** Metadata on top, or in place of what is written. */
  readonly metadata?: Readonly<Record<string, GgufWriteValue>>;
  /** Changes tensors before they are written: to make files that are refused. */
  readonly change?: (tensors: readonly GgufWriteTensor[]) => readonly GgufWriteTensor[];
}

/** Writes a LoRA with random values that changes what the model says. */
export async function tinyLora(path: string, options: TinyLoraOptions): Promise<void> {
  const { base, baseSha256, seed = 1, rank = 4, alpha = 8, type = "F32" } = options;
  const { change = (tensors) => tensors, targets = /attn_(?:q|k|v|output)\.|ffn_(?!norm)/ } =
    options;
  const model = await readGguf(base);
  const random = seededRandom(seed);
  const tensors = [...model.tensors.values()].flatMap(({ name, shape }) => {
    const [input = 0, output = 0] = shape;
    if (shape.length !== 2 || !targets.test(name)) return [];
    const a = normalValues(rank * input, 1 / Math.sqrt(input), random);
    const b = normalValues(rank * output, 0.1, random);
    return [
      { name: `${name}.lora_a`, type, shape: [input, rank], data: () => [encodeFloats(a, type)] },
      { name: `${name}.lora_b`, type, shape: [rank, output], data: () => [encodeFloats(b, type)] },
    ];
  });
  const architecture = options.architecture ?? String(model.metadata.get("general.architecture"));
  await writeGguf(
    path,
    {
      "general.architecture": { string: architecture },
      "general.type": { string: "adapter" },
      "general.name": { string: "tiny" },
      "adapter.type": { string: "lora" },
      "adapter.lora.alpha": { float32: alpha },
      ...(baseSha256 === undefined ? {} : { "memcube.base.sha256": { string: baseSha256 } }),
      ...options.metadata,
    },
    change(tensors),
  );
}
