/** An SDK that tries again does so at once. */
const AGAIN_MS = 250;

/**
 * Answers that broke off. Each waits a moment: when the same is asked again, the new answer takes its
 * place; else it is kept as far as it came.
 */
export class BrokenAnswers {
  readonly #waiting = new Map<string, (stands: boolean) => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** The same is asked again. */
  replace(question: string): void {
    this.#waiting.get(question)?.(false);
  }

  /** Nobody will ask again: what waits is kept now. */
  keep(question: string): void {
    this.#waiting.get(question)?.(true);
  }

  /** Whether the answer to a question stands: nobody asked again. */
  async stands(question: string): Promise<boolean> {
    this.replace(question);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(true), AGAIN_MS);
    this.#waiting.set(question, resolve);
    const stands = await promise;
    clearTimeout(timer);
    if (this.#waiting.get(question) === resolve) this.#waiting.delete(question);
    return stands;
  }
}
