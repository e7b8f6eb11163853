/** Which pages are being computed in this process, so that a prefix is prefilled once. */
export class Claims {
  readonly #pending = new Map<string, Promise<void>>();

  /** Settles when the page is no longer being computed; `undefined` when nobody computes it. */
  pending(key: string): Promise<void> | undefined {
    return this.#pending.get(key);
  }

  /** Says that the pages are being computed until the returned function is called. */
  take(keys: readonly string[]): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const mine = keys.filter((key) => !this.#pending.has(key));
    for (const key of mine) this.#pending.set(key, promise);
    return () => {
      for (const key of mine) {
        if (this.#pending.get(key) === promise) this.#pending.delete(key);
      }
      resolve();
    };
  }
}
