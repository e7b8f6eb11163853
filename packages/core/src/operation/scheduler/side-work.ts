import { emit } from "../../events.ts";
import { pause } from "../operator/index.ts";

/** Works that wait at most: more would be a storage that hangs, and each is only a gain of time. */
const WAITING = 64;
/** How long `close` lets work go on before it is told to stop. */
const GRACE_MS = 2_000;

/**
 * Background work of this process alone, one after the other, beside the queue's tasks: what only this
 * process can do, and what may be lost with it.
 */
export class SideWork {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #stop = new AbortController();

  /** Does the work when what was begun before is done. Dropped when too much waits. */
  run(where: string, work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#stop;
    if (this.#waiting >= WAITING || signal.aborted) return;
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      try {
        if (!signal.aborted) await work(signal);
      } catch (error) {
        if (!signal.aborted) emit("memcube:error", { where, error });
      } finally {
        this.#waiting--;
      }
    });
  }

  /** Until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#waiting > 0) await this.#last;
  }

  /** Waits up to `graceMs`; then ends what is under way and drops what waits. Takes no more. */
  async close(graceMs = GRACE_MS): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.idle(), pause(graceMs, over.signal)]);
    over.abort();
    this.#stop.abort();
    await this.#last;
  }
}
