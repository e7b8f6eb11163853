import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * A KV state: a manifest over immutable, content-addressed pages of a token prefix
 * (MemOS 2507.03724 section 4.1). The pages are blobs outside the log.
 */
export const activationPayloadSchema = z.strictObject({
  type: z.literal("kv-state"),
  /** SHA-256 of the model file the state belongs to. */
  modelSha256: sha256,
  /** Engine build, state format, backend, cache types, context parameters and batches, as one text. */
  engineKey: z.string().min(1),
  /** LoRA set in effect, with scales. */
  lora: z.array(z.strictObject({ sha256, scale: z.number() })),
  tokenCount: z.int().min(1),
  /** SHA-256 of the token prefix as little-endian 32-bit integers. */
  tokensSha256: sha256,
  /** Blob hashes of the pages, first tokens first. */
  pages: z.array(sha256).min(1),
  sizeBytes: z.int().min(1),
});

export type ActivationPayload = Readonly<z.infer<typeof activationPayloadSchema>>;
