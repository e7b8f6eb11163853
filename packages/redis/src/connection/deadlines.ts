import { unreachable } from "./native-errors.ts";

/** How late a deadline may be noticed. */
const TICK_MS = 20;

interface Waiting {
  readonly until: number;
  readonly reject: (error: unknown) => void;
}

/** Deadlines of many calls at a time, on one timer: a timer for each would cost as much as the call. */
export class Deadlines {
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** The call's outcome, or `MEMCUBE_STORAGE_UNREACHABLE` when `until` passes before there is one. */
  within<T>(call: Promise<T>, until: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until, reject };
      this.#waiting.add(waiting);
      this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
      call.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          // eslint-disable-next-line typescript/prefer-promise-reject-errors -- it is passed on as it is
          reject(error);
        },
      );
    });
  }

  #tick(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) continue;
      this.#waiting.delete(waiting);
      waiting.reject(unreachable("unknown"));
    }
  }
}
