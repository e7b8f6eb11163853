/** Failures in a row that open the circuit: fewer may be one lost connection with its calls. */
const FAILURES = 5;

/** How long an open circuit lets nothing through before one call tries again. */
const OPEN_MS = 1_000;

/**
 * Keeps calls from waiting for a server that does not answer: after some failures in a row they fail
 * at once, but for one a second that tries. Pure but for its state; time is passed in.
 */
export class CircuitBreaker {
  #failures = 0;
  #openUntil = 0;

  /** Whether a call may be made now. */
  allows(nowMs: number): boolean {
    if (this.#failures < FAILURES) return true;
    if (nowMs < this.#openUntil) return false;
    // This call tries; the others wait for what becomes of it.
    this.#openUntil = nowMs + OPEN_MS;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    if (this.#failures >= FAILURES) this.#openUntil = nowMs + OPEN_MS;
  }
}
