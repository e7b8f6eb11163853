import { isMemCubeError, type ErrorCode, type MemCubeError } from "../../../errors.ts";
import type { JsonObject } from "../../../memory/index.ts";

/** What a model is told to do about a failure; codes that are not here are not for a model to mend. */
const ADVICE: Partial<Record<ErrorCode, string | ((error: MemCubeError) => string)>> = {
  MEMCUBE_INVALID_INPUT: ({ message }) => message,
  MEMCUBE_LIMIT_EXCEEDED: ({ message }) => message,
  MEMCUBE_CUBE_NOT_FOUND: "There is no such memory store for this user. Go on without it.",
  MEMCUBE_MEMORY_NOT_FOUND:
    "There is no memory with this id. Search again and use an id from the results.",
  MEMCUBE_FORBIDDEN:
    "This user may not do that with this memory. Leave it as it is and say so to the user.",
  MEMCUBE_READ_ONLY: "Memory is read-only here. Go on without changing it.",
  MEMCUBE_FROZEN:
    "This memory is frozen: its owner allows no change. Leave it as it is and say so to the user.",
  MEMCUBE_BAD_TRANSITION:
    "This memory was forgotten or is no longer in use. Search again and use an id from the results.",
  MEMCUBE_DUPLICATE_KEY: "This is noted already where you can't see it. Go on without noting it.",
  MEMCUBE_CONFLICT: "The memory was changed meanwhile. Search again before you change it.",
  MEMCUBE_BUSY: "Memory is busy. Try once more.",
};

/** A failure as a model reads it; `undefined` for one that it can't mend. */
export function mendableFailure(error: unknown): JsonObject | undefined {
  if (!isMemCubeError(error)) return undefined;
  const advice = ADVICE[error.code];
  if (advice === undefined) return undefined;
  return { error: typeof advice === "string" ? advice : advice(error), code: error.code };
}
