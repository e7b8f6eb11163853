import { z } from "zod";

import type { MemoryKind } from "../header.ts";
import { activationPayloadSchema } from "./activation.ts";
import { parameterPayloadSchema } from "./parameter.ts";
import { plaintextPayloadSchema } from "./plaintext.ts";

export type { ActivationPayload } from "./activation.ts";
export type { ParameterPayload } from "./parameter.ts";
export * from "./plaintext.ts";
export { activationPayloadSchema, parameterPayloadSchema };

/** Payload of a memory of any kind, told apart by `type`. */
export const payloadSchema = z.union([
  plaintextPayloadSchema,
  activationPayloadSchema,
  parameterPayloadSchema,
]);

export type Payload = Readonly<z.infer<typeof payloadSchema>>;
export type PayloadType = Payload["type"];

/** The kind a payload belongs to. */
export function kindOf(payload: Payload): MemoryKind {
  switch (payload.type) {
    case "kv-state":
      return "activation";
    case "lora":
      return "parameter";
    default:
      return "plaintext";
  }
}
