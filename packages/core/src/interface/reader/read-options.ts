import { z } from "zod";

import { idSchema } from "../../memory/index.ts";
import { DEFAULT_CHUNK_TOKENS } from "./reader-limits.ts";

/** How input is read. */
export interface ReadOptions {
  /** Session of messages that do not name their own. @default none */
  readonly sessionId?: string;
  /** Milliseconds since the epoch; dates a century after it are refused. */
  readonly now: number;
  /** Makes ids for messages and documents that have none. */
  readonly newId: () => string;
  /** Names of who speaks, for messages without a name. @default none */
  readonly speaker?: { readonly user?: string; readonly assistant?: string };
  /** Tokens a chunk of a document aims at, from 20 to 8,000. @default 300 */
  readonly chunkTokens?: number;
}

const name = z.string().min(1).max(256);

const readOptionsSchema = z.object({
  sessionId: idSchema.optional(),
  now: z.number().min(0).max(8.64e15),
  newId: z.custom<() => string>((value) => typeof value === "function", "not a function"),
  speaker: z.object({ user: name.optional(), assistant: name.optional() }).default({}),
  chunkTokens: z.int().min(20).max(8_000).default(DEFAULT_CHUNK_TOKENS),
});

export type ParsedReadOptions = Readonly<z.infer<typeof readOptionsSchema>>;

/** @throws TypeError for options that are missing or of the wrong type */
export function parseReadOptions(options: ReadOptions): ParsedReadOptions {
  const parsed = readOptionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new TypeError(`read options: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}
