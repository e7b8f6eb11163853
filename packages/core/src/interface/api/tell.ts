/**
 * Tells a listener of an application. What it throws, or the promise it returns rejects with, costs the
 * caller nothing: it goes to `raised`. For adapters.
 *
 * @param raised told of what the listener raised; must not throw
 */
export function tell<Args extends readonly unknown[]>(
  listener: ((...args: Args) => unknown) | undefined,
  args: Args,
  raised: (error: unknown) => void,
): void {
  try {
    // A listener may be asynchronous although its type says nothing of it.
    Promise.resolve(listener?.(...args)).catch(raised);
  } catch (error) {
    raised(error);
  }
}
