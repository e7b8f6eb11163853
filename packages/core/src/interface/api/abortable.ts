/**
 * Gives control back when the signal fires: the work itself goes on in the background and its
 * outcome is dropped. For reads only; a write is either begun or not.
 *
 * @throws the signal's reason
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return await work();
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Options of calls that have no others. */
export interface SignalOptions {
  readonly signal?: AbortSignal;
}
