import { MemCubeError } from "@memcube/core";

/** What is wrong with a LoRA: for programs. */
export const LORA_DEFECTS = [
  "not-a-lora",
  "architecture",
  "no-base-identity",
  "foreign-base",
  "unknown-tensor",
  "tensor-type",
  "tensor-shape",
  "half-a-pair",
  "no-tensors",
  "not-finite",
  "scale",
  "damaged",
  "peft-config",
  "peft-file",
  "not-supported",
] as const;
export type LoraDefect = (typeof LORA_DEFECTS)[number];

export function loraInvalid(
  defect: LoraDefect,
  why: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): MemCubeError {
  return new MemCubeError("MEMCUBE_LORA_INVALID", `The LoRA can't be used: ${why}.`, {
    details: { defect, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}
