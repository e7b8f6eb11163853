import { z } from "zod";

import { LIMITS } from "../limits.ts";
import { worldTimeSchema } from "./world-time.ts";

/** Where a memory comes from, down to the message or the characters of a file. */
export const sourceSchema = z.strictObject({
  kind: z.enum(["message", "document", "file", "url", "memory", "tool"]),
  /** Message id, document id, path, address or memory id in the system it came from. */
  id: z.string().min(1).max(2_048),
  sessionId: z.string().min(1).max(LIMITS.idChars).optional(),
  /** Cube of a source that is itself a memory, when it is another cube. */
  cubeId: z.string().min(1).max(LIMITS.idChars).optional(),
  /** Version of a source that is itself a memory. */
  version: z.int().min(1).optional(),
  /** Character range [start, end) in the source. */
  start: z.int().min(0).optional(),
  end: z.int().min(0).optional(),
  /** When it was said or written, milliseconds since the epoch. */
  at: worldTimeSchema.optional(),
});

export type SourceRef = Readonly<z.infer<typeof sourceSchema>>;
