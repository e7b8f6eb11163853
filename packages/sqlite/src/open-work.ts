/** Work that was begun and not waited for, so that closing can wait for it. */
export class OpenWork {
  readonly #open = new Set<Promise<void>>();

  /** Returns the same promise: how it ends is the business of whoever has it. */
  begin<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<void> = work.then(
      () => this.#forget(ended),
      () => this.#forget(ended),
    );
    this.#open.add(ended);
    return work;
  }

  /** Resolves when all of it has ended, one way or the other. */
  async finished(): Promise<void> {
    await Promise.all(this.#open);
  }

  #forget(ended: Promise<void>): void {
    this.#open.delete(ended);
  }
}
