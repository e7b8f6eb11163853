import type { RunnableConfig } from "@langchain/core/runnables";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { checkScoped, parseInput, type MemOS, type ScopeOption } from "@memcube/core";
import { z } from "zod";

/** Options of `MemCubeSaver`. */
export interface MemCubeSaverOptions {
  readonly os: MemOS;
  /**
   * Whose threads: they belong to tenant and user of the scope's `caller`. A function is given the
   * config of each call; that of `deleteThread` has the thread's id alone.
   * @default user "local" of tenant "default"
   */
  readonly scope?: ScopeOption<RunnableConfig>;
  /**
   * A thread expires as a whole when it was not written to for so long, in milliseconds.
   * @default never
   */
  readonly ttlMs?: number;
  /**
   * Writes channel values, pending writes and metadata in place of this package, to encrypt them
   * perhaps. What threads share is then not found any more.
   */
  readonly serde?: SerializerProtocol;
}

const optionsSchema = z.strictObject({
  os: z.custom<MemOS>(),
  scope: z.custom<ScopeOption<RunnableConfig>>().optional(),
  ttlMs: z.int().min(1).optional(),
  serde: z
    .custom<SerializerProtocol>(
      (value) => typeof (value as SerializerProtocol | undefined)?.dumpsTyped === "function",
      "not a SerializerProtocol",
    )
    .optional(),
});

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseSaverOptions(options: MemCubeSaverOptions): MemCubeSaverOptions {
  checkScoped(options, "MemCubeSaver");
  return parseInput(optionsSchema, options, "MemCubeSaver");
}
