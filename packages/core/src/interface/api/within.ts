/** Thrown by {@link within}. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * A promise's outcome, or a rejection when it takes too long. The promise itself goes on. For adapters.
 *
 * @throws TimeoutError after `timeoutMs`
 */
export async function within<T>(timeoutMs: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new TimeoutError(`${what} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What work that never rejects comes to, if it does so in time; else `undefined`, and it goes on. 0: it
 * is not waited for. For adapters: the end of an answer waits so long until it is kept.
 */
export async function inTime<T>(
  timeoutMs: number,
  work: Promise<T> | undefined,
): Promise<T | undefined> {
  if (work === undefined || timeoutMs === 0) return undefined;
  try {
    return await within(timeoutMs, work, "saving");
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}
