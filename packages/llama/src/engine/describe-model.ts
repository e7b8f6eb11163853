import { basename } from "node:path";
import { MemCubeError } from "@memcube/core";

import { type GgufHeader, type GgufValue, readGguf } from "../gguf/read-gguf.ts";

/** What the engine needs to know of a model before llama.cpp has it. */
export interface ModelFacts {
  readonly architecture: string;
  readonly name: string;
  readonly purpose: "generate" | "embed" | "rerank";
  readonly layers: number;
  readonly trainedContext: number;
  readonly embeddingLength: number;
  /** Its positions depend on the size of the context. */
  readonly scalesPositions: boolean;
}

const TOKENS = "tokenizer.ggml.tokens";
/** llama.cpp's `LLAMA_POOLING_TYPE_RANK`. */
const RANK_POOLING = 4;
/** llama.cpp's `LLAMA_MAX_LAYERS`: it ends the process over more. */
const MAX_LAYERS = 512;

/**
 * Reads what a model is from its header, and refuses what llama.cpp would end the process over: sizes
 * that are not there or do not fit the tensors, a token that occurs twice.
 *
 * @throws MemCubeError `MEMCUBE_MODEL_INVALID` when it is none the engine can run
 */
export async function describeModel(path: string): Promise<ModelFacts> {
  const header = await readGguf(path, { keep: [TOKENS] });
  const refuse = (reason: string): MemCubeError =>
    new MemCubeError("MEMCUBE_MODEL_INVALID", `${path} can't be used: ${reason}`, {
      details: { path, reason },
    });
  const reason = whatIsWrong(header);
  if (reason !== undefined) throw refuse(reason);
  const { metadata } = header;
  const architecture = String(metadata.get("general.architecture"));
  const at = sizesOf(header);
  const pooling = at("pooling_type");
  const name = metadata.get("general.name");
  return {
    architecture,
    name: typeof name === "string" && name !== "" ? name : basename(path, ".gguf"),
    purpose: pooling === 0 ? "generate" : pooling === RANK_POOLING ? "rerank" : "embed",
    layers: at("block_count"),
    trainedContext: at("context_length"),
    embeddingLength: at("embedding_length"),
    scalesPositions: metadata.has(`${architecture}.rope.scaling.type`),
  };
}

function whatIsWrong(header: GgufHeader): string | undefined {
  const { metadata } = header;
  const architecture = metadata.get("general.architecture");
  if (typeof architecture !== "string") return "it does not say its architecture";
  const type = metadata.get("general.type") ?? "model";
  if (type !== "model") return `it is no model but: ${String(type)}`;
  if (numberOf(metadata.get("split.count")) > 1) {
    return "it is one of several parts: join them with llama-gguf-split --merge";
  }
  return wrongSizes(header) ?? wrongVocabulary(header);
}

/** Every layer has the same, or there is a list of one for each. */
const SIZES = [
  "block_count",
  "context_length",
  "embedding_length",
  "feed_forward_length",
  "attention.head_count",
];

function wrongSizes(header: GgufHeader): string | undefined {
  const { metadata, tensors } = header;
  const architecture = String(metadata.get("general.architecture"));
  const at = sizesOf(header);
  // Models without attention or without a feed-forward part do not speak of it.
  const asked = tensors.has("blk.0.attn_q.weight") ? SIZES : SIZES.slice(0, 3);
  for (const key of asked) {
    if (at(key) < 1) return `its ${architecture}.${key} is ${at(key)}`;
  }
  if (at("block_count") > MAX_LAYERS) return `it has ${at("block_count")} layers`;
  const embedding = tensors.get("token_embd.weight")?.shape[0];
  if (embedding !== undefined && embedding !== at("embedding_length")) {
    return `its ${architecture}.embedding_length does not fit its tensors`;
  }
  const query = tensors.get("blk.0.attn_q.weight")?.shape[1];
  const headWidth = at("attention.key_length");
  if (query !== undefined && query % at("attention.head_count") !== 0) {
    return `its ${architecture}.attention.head_count does not fit its tensors`;
  }
  return metadata.has(`${architecture}.attention.key_length`) && headWidth < 1
    ? `its ${architecture}.attention.key_length is ${headWidth}`
    : undefined;
}

function wrongVocabulary({ metadata, tensors }: GgufHeader): string | undefined {
  const tokens = metadata.get(TOKENS);
  if (!Array.isArray(tokens) || tokens.length === 0) return "it has no vocabulary";
  const rows = tensors.get("token_embd.weight")?.shape[1];
  if (rows !== undefined && rows !== tokens.length)
    return "its vocabulary does not fit its tensors";
  // llama.cpp reads to the first zero byte, and gives empty ones a name of their own.
  const words = (tokens as readonly GgufValue[])
    .map((token) => String(token).split("\0", 1)[0])
    .filter((token) => token !== "");
  return new Set(words).size === words.length ? undefined : "a token occurs twice";
}

/** Numbers of the architecture; of a list the smallest above 0; 0 for what is not there. */
function sizesOf({ metadata }: GgufHeader): (key: string) => number {
  const architecture = String(metadata.get("general.architecture"));
  return (key) => numberOf(metadata.get(`${architecture}.${key}`));
}

function numberOf(value: GgufValue | undefined): number {
  if (Array.isArray(value)) {
    const some = (value as readonly GgufValue[]).map(numberOf).filter((one) => one > 0);
    return some.length === 0 ? 0 : Math.min(...some);
  }
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}
