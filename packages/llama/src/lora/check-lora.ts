import { open } from "node:fs/promises";

import { type GgufHeader, type GgufTensor, readGguf } from "../gguf/read-gguf.ts";
import { loraInvalid } from "./invalid.ts";
import { assertFinite } from "./finite-values.ts";
import type { LoraBase } from "./types.ts";

/** Metadata of ours: SHA-256 of the model file that a LoRA was made for. */
export const BASE_KEY = "memcube.base.sha256";

/** Products of alpha and rank beyond it come from damage, not from a training. */
const MAX_SCALE = 100;
const PART = /^(.+)\.lora_(a|b)$/;

/** What a LoRA file is, after all checks. */
export interface LoraInfo {
  readonly architecture: string;
  /** The largest of its tensors' ranks. */
  readonly rank: number;
  /** A scale of 1 multiplies by alpha / rank; 0 means that rank and alpha do not count. */
  readonly alpha: number;
  /** Weights of the base that it changes. */
  readonly targets: readonly string[];
  readonly baseModelSha256: string;
  readonly sizeBytes: number;
}

export interface CheckLoraOptions {
  /**
   * Whether the caller says that the file belongs to the base although it does not say so itself. It is
   * then to be written anew with the base in it.
   */
  readonly assertBase?: boolean;
}

/** The two halves that change one weight. */
export interface LoraPair {
  readonly target: string;
  readonly a: GgufTensor;
  readonly b: GgufTensor;
}

/**
 * Checks a LoRA against its base before llama.cpp sees it, which itself takes a LoRA of a foreign base
 * with the same shapes, values that are not finite, and any scale, without a word.
 *
 * @throws MemCubeError `MEMCUBE_LORA_INVALID` with `details.defect` (a `LoraDefect`, or `details.reason`
 * where the file is no sound GGUF)
 */
export async function checkLora(
  path: string,
  base: LoraBase,
  { assertBase = false }: CheckLoraOptions = {},
): Promise<LoraInfo> {
  const header = await readGguf(path, { code: "MEMCUBE_LORA_INVALID" });
  const model = await readGguf(base.modelPath);
  const architecture = checkKind(header, model);
  checkBase(header, base, assertBase);
  const pairs = pairsOf(header);
  for (const pair of pairs) checkPair(pair, model);
  const rank = Math.max(...pairs.map(({ a }) => a.shape[1] ?? 0));
  const alpha = alphaOf(header, Math.min(...pairs.map(({ a }) => a.shape[1] ?? 0)));
  await checkValues(path, pairs);
  return {
    architecture,
    rank,
    alpha,
    targets: pairs.map(({ target }) => target),
    baseModelSha256: base.modelSha256,
    sizeBytes: header.sizeBytes,
  };
}

function checkKind({ metadata }: GgufHeader, model: GgufHeader): string {
  if (metadata.get("general.type") !== "adapter" || metadata.get("adapter.type") !== "lora") {
    throw loraInvalid("not-a-lora", "the file is a GGUF, but no LoRA");
  }
  if (metadata.has("adapter.alora.invocation_tokens")) {
    throw loraInvalid("not-supported", "it is activated by tokens (aLoRA)");
  }
  const architecture = metadata.get("general.architecture");
  const expected = model.metadata.get("general.architecture");
  if (typeof architecture !== "string" || architecture !== expected) {
    const why = `it is for the architecture ${String(architecture)}, the model's is ${String(expected)}`;
    throw loraInvalid("architecture", why, { architecture, expected });
  }
  return architecture;
}

function checkBase({ metadata }: GgufHeader, base: LoraBase, assertBase: boolean): void {
  const named = metadata.get(BASE_KEY);
  const expected = base.modelSha256;
  if (named === undefined && assertBase) return;
  if (named === undefined) {
    const why = `it does not say which model it is for (${BASE_KEY}); import it for one`;
    throw loraInvalid("no-base-identity", why, { expected });
  }
  if (named !== expected) {
    throw loraInvalid("foreign-base", "it was made for another model file", { named, expected });
  }
}

/** @throws MemCubeError `MEMCUBE_LORA_INVALID` for a tensor that is no half of a pair */
export function pairsOf({ tensors }: GgufHeader): readonly LoraPair[] {
  const halves = new Map<string, { a?: GgufTensor; b?: GgufTensor }>();
  for (const tensor of tensors.values()) {
    const [, target, half] = PART.exec(tensor.name) ?? [];
    if (target === undefined) {
      throw loraInvalid("unknown-tensor", `tensor ${tensor.name} is no half of a pair`);
    }
    halves.set(target, { ...halves.get(target), [half === "a" ? "a" : "b"]: tensor });
  }
  if (halves.size === 0) throw loraInvalid("no-tensors", "it changes nothing");
  return [...halves].map(([target, { a, b }]) => {
    if (a === undefined || b === undefined) {
      throw loraInvalid("half-a-pair", `one of the tensors for ${target} is missing`);
    }
    return { target, a, b };
  });
}

function checkPair({ target, a, b }: LoraPair, model: GgufHeader): void {
  const weight = model.tensors.get(target);
  if (weight === undefined || weight.shape.length !== 2 || target === "token_embd.weight") {
    throw loraInvalid("unknown-tensor", `it changes ${target}, which can't be changed here`);
  }
  for (const { type, name } of [a, b]) {
    if (type !== "F32" && type !== "F16") {
      throw loraInvalid("tensor-type", `tensor ${name} has the type ${type}, not F32 or F16`);
    }
  }
  const [input = 0, output = 0] = weight.shape;
  const [rank = 0] = b.shape;
  const fits =
    sameShape(a.shape, [input, rank]) &&
    sameShape(b.shape, [rank, output]) &&
    rank <= Math.min(input, output);
  if (fits) return;
  const shapes = { a: a.shape, b: b.shape, weight: weight.shape };
  throw loraInvalid("tensor-shape", `the tensors for ${target} do not fit its shape`, shapes);
}

function sameShape(shape: readonly number[], expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((size, at) => size === expected[at]);
}

function alphaOf({ metadata, types }: GgufHeader, rank: number): number {
  const alpha = metadata.get("adapter.lora.alpha");
  const sane =
    types.get("adapter.lora.alpha") === "float32" &&
    typeof alpha === "number" &&
    Number.isFinite(alpha) &&
    Math.abs(alpha) / rank <= MAX_SCALE;
  if (!sane) throw loraInvalid("scale", `its alpha is ${String(alpha)}`);
  return alpha;
}

async function checkValues(path: string, pairs: readonly LoraPair[]): Promise<void> {
  const file = await open(path, "r");
  try {
    for (const tensor of pairs.flatMap(({ a, b }) => [a, b])) await assertFinite(file, tensor);
  } finally {
    await file.close();
  }
}
