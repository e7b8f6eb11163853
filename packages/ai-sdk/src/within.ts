/** Thrown by {@link within}. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * A promise's outcome, or a rejection when it takes too long. The promise itself goes on.
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
