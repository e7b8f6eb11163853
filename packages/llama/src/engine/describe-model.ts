import { basename } from "node:path";
import { MemCubeError } from "@memcube/core";

import type { GgufHeader, GgufValue } from "../gguf/read-gguf.ts";

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

/** llama.cpp's `LLAMA_POOLING_TYPE_RANK`. */
const RANK_POOLING = 4;

/**
 * Reads what a model is from its header.
 *
 * @throws MemCubeError `MEMCUBE_MODEL_INVALID` when it is none the engine can run
 */
export function describeModel(header: GgufHeader, path: string): ModelFacts {
  const refuse = (reason: string): MemCubeError =>
    new MemCubeError("MEMCUBE_MODEL_INVALID", `${path} can't be used: ${reason}`, {
      details: { path, reason },
    });
  const { metadata } = header;
  const architecture = metadata.get("general.architecture");
  if (typeof architecture !== "string") throw refuse("it does not say its architecture");
  const type = metadata.get("general.type") ?? "model";
  if (type !== "model") throw refuse(`it is no model but: ${String(type)}`);
  if (number(metadata.get("split.count")) > 1) {
    throw refuse("it is one of several parts: join them with llama-gguf-split --merge");
  }
  const at = (key: string): number => number(metadata.get(`${architecture}.${key}`));
  for (const key of ["block_count", "context_length", "embedding_length"]) {
    if (at(key) < 1) throw refuse(`it does not say its ${architecture}.${key}`);
  }
  if ((header.arrayLengths.get("tokenizer.ggml.tokens") ?? 0) === 0) {
    throw refuse("it has no vocabulary");
  }
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

/** 0 when there is no such number. */
function number(value: GgufValue | undefined): number {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}
