import type { LlamaContextSequence, Token } from "node-llama-cpp";

import { type KvIdentity, type KvSequence, type KvShape, PAGE_TOKENS } from "../kv/types.ts";

/**
 * The one sequence of a context. It remembers how many of its tokens have a state that was computed
 * page by page: only that is the same, bit for bit, whoever computes it.
 */
export class EngineSequence implements KvSequence {
  readonly identity: KvIdentity;
  readonly shape: KvShape;
  /** The binding's own, for what generates. */
  readonly native: LlamaContextSequence;
  #exact = 0;

  constructor(native: LlamaContextSequence, identity: KvIdentity, shape: KvShape) {
    this.native = native;
    this.identity = identity;
    this.shape = shape;
  }

  tokens(): readonly number[] {
    return this.native.contextTokens;
  }

  exactTokens(): number {
    return this.#exact;
  }

  saveState(path: string): Promise<{ readonly sizeBytes: number }> {
    return this.native.saveStateToFile(path).then(({ fileSize }) => ({ sizeBytes: fileSize }));
  }

  async loadState(path: string): Promise<void> {
    // The binding forgets its tokens before it loads: were there cells, a failure would leave them there.
    await this.truncate(0);
    await this.native.loadStateFromFile(path, { acceptRisk: true });
    this.#exact = this.#reusable(this.native.nextTokenIndex);
  }

  async prefill(
    tokens: readonly number[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { signal } = options;
    let done = 0;
    while (done < tokens.length) {
      signal?.throwIfAborted();
      const start = this.native.nextTokenIndex;
      const count = Math.min(PAGE_TOKENS - (start % PAGE_TOKENS), tokens.length - done);
      const piece = tokens.slice(done, done + count) as Token[];
      await this.native.evaluateWithoutGeneratingNewTokens(piece);
      done += count;
      if (count === PAGE_TOKENS && start === this.#exact) {
        this.#exact = this.#reusable(start + count);
      }
    }
  }

  async truncate(length: number): Promise<void> {
    const end = this.native.nextTokenIndex;
    if (length >= end) return;
    // Recurrent and sliding-window models can't drop a tail without computing again.
    const start = this.native.needsCheckpoints ? 0 : length;
    await this.native.eraseContextTokenRanges([{ start, end }]);
    this.#exact = Math.min(this.#exact, this.#reusable(start));
  }

  /** After generating: what the prompt's pages are still there. */
  keepExact(prompt: readonly number[]): void {
    const there = this.native.contextTokens;
    let same = 0;
    while (same < this.#exact && prompt[same] === there[same]) same++;
    this.#exact = this.#reusable(same);
  }

  #reusable(tokens: number): number {
    return this.native.needsCheckpoints ? 0 : tokens - (tokens % PAGE_TOKENS);
  }
}

/** How many tokens at the beginning are the same in both. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a[same] === b[same]) same++;
  return same;
}
