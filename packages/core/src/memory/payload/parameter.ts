import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A LoRA distilled from stable knowledge (MemOS 2507.03724 section 4.1); the file is a blob. */
export const parameterPayloadSchema = z.strictObject({
  type: z.literal("lora"),
  /** SHA-256 of the base model file it was trained on. */
  baseModelSha256: sha256,
  architecture: z.string().min(1),
  rank: z.int().min(1),
  alpha: z.number(),
  /** Blob hash of the GGUF file. */
  file: sha256,
  sizeBytes: z.int().min(1),
  /** What it is for: shown to people and matched by the scheduler. */
  description: z.string().optional(),
});

export type ParameterPayload = Readonly<z.infer<typeof parameterPayloadSchema>>;
