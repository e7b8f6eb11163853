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

/**
 * A breaker for each master: cubes of the others go on while one is away, and whoever takes its place is
 * asked at once.
 */
export class Breakers {
  readonly #masterOf: (key: string | undefined) => object | undefined;
  readonly #one = new CircuitBreaker();
  readonly #ofMasters = new WeakMap<object, CircuitBreaker>();

  /** @param masterOf the master that has a key; `undefined` where there is but one */
  constructor(masterOf: (key: string | undefined) => object | undefined) {
    this.#masterOf = masterOf;
  }

  of(key: string | undefined): CircuitBreaker {
    const master = this.#masterOf(key);
    if (master === undefined) return this.#one;
    const known = this.#ofMasters.get(master);
    if (known !== undefined) return known;
    const breaker = new CircuitBreaker();
    this.#ofMasters.set(master, breaker);
    return breaker;
  }
}
