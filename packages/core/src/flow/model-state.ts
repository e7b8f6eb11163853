import { z } from "zod";

import { activationPayloadSchema, parameterPayloadSchema } from "../memory/index.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** What an engine gives and takes: the state of a token prefix, pages first tokens first. */
export const kvStateSchema = z.strictObject({
  ...activationPayloadSchema.omit({ type: true, pages: true, sizeBytes: true }).shape,
  pages: z.array(bytes).min(1),
});
export type KvState = Readonly<z.infer<typeof kvStateSchema>>;

/** A LoRA file and what it is. */
export const loraFileSchema = z.strictObject({
  ...parameterPayloadSchema.omit({ type: true, file: true, sizeBytes: true }).shape,
  bytes,
});
export type LoraFile = Readonly<z.infer<typeof loraFileSchema>>;

/**
 * Why a kept state can't be used although its memory is there: it is another model's or another engine's,
 * one of its sources is another by now, or bytes are gone or damaged. The sources are still there as plaintext.
 */
export type StateRefusal =
  | "foreign-model"
  | "foreign-engine"
  | "source-changed"
  | "bytes-missing"
  | "bytes-damaged";
