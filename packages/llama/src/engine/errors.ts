import { isMemCubeError, MemCubeError } from "@memcube/core";

/** What llama.cpp or its binding threw, as an error of ours; an error of ours stays as it is. */
export function engineFailed(message: string, cause: unknown, log: readonly string[] = []): Error {
  if (isMemCubeError(cause)) return cause;
  return new MemCubeError("MEMCUBE_ENGINE_FAILED", message, { cause, details: { log } });
}

/**
 * Runs a step of a request: an aborted signal rejects with its reason, whatever the binding made of
 * it; everything else that is not an error of ours becomes one.
 */
export async function engineStep<Result>(
  message: string,
  signal: AbortSignal | undefined,
  step: () => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  try {
    return await step();
  } catch (error) {
    signal?.throwIfAborted();
    throw engineFailed(message, error);
  }
}
