import type { Chore } from "../protocol.ts";

/** Pages written here before the thread is told to copy the write-ahead log into the file. */
const COPIED_PAGES = 2_000;

/**
 * Pages written here before the log is made as long as it will be: nine megabytes are not written for a
 * process that stores little.
 */
const FEW_PAGES = 32;

const PAGE_BYTES = 4_096;

/** The journal is laid out when so many steps wait, or none was added for so long, in milliseconds. */
const WAITING_STEPS = 2_048;
const QUIET_MS = 50;

/** Tells the other thread what to do beside its calls, as steps are written here. */
export class LogKeeper {
  readonly #order: (chore: Chore) => void;
  #pages = 0;
  #hasRoom = false;
  #steps = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param order has a chore done; nobody waits for it */
  constructor(order: (chore: Chore) => void) {
    this.#order = order;
  }

  /** A step of so many bytes was logged in the journal. */
  logged(bytes: number): void {
    this.#steps += 1;
    if (this.#steps >= WAITING_STEPS) this.layOut();
    else if (this.#timer === undefined)
      this.#timer = setTimeout(() => this.layOut(), QUIET_MS).unref();
    else this.#timer.refresh();
    this.#pages += 1 + Math.ceil(bytes / PAGE_BYTES);
    if (this.#pages > FEW_PAGES && !this.#hasRoom) {
      this.#hasRoom = true;
      this.#order("make room");
    }
    if (this.#pages < COPIED_PAGES) return;
    this.#pages = 0;
    this.#order("copy log");
  }

  /** Has the journal laid out, if anything was logged. */
  layOut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#steps > 0) this.#order("lay out journal");
    this.#steps = 0;
  }
}
