/** At first, and at least, so long between two times. */
const MIN_GAP_MS = 500;
/** Storing early takes at most this share of the time. */
const MAX_SHARE = 0.02;

/**
 * When pages are stored before all are computed. Each time writes the whole state once more, so it is
 * done less often where that is dear.
 */
export class PublishPace {
  #lastMs = performance.now();
  #dearestMs = 0;
  #spentMs = 0;

  get spentMs(): number {
    return this.#spentMs;
  }

  isDue(): boolean {
    const gapMs = Math.max(MIN_GAP_MS, this.#dearestMs / MAX_SHARE);
    return performance.now() - this.#lastMs >= gapMs;
  }

  async spend(work: () => Promise<void>): Promise<void> {
    const began = performance.now();
    await work();
    this.#lastMs = performance.now();
    const ms = this.#lastMs - began;
    this.#spentMs += ms;
    this.#dearestMs = Math.max(this.#dearestMs, ms);
  }
}
