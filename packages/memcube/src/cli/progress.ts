import type { Output } from "./output.ts";

/** Shows how far a long operation is, on one line that is written over. */
export class ProgressLine {
  readonly #output: Output;
  readonly #label: string;
  readonly #everyMs: number;
  readonly #started = performance.now();
  #shownAt: number;
  #shown = false;

  /** @param verbose also says it, seldom, where there is no terminal */
  constructor(output: Output, label: string, options: { quiet: boolean; verbose: boolean }) {
    this.#output = output;
    this.#label = label;
    const seen = output.isTerminal && !options.quiet;
    this.#everyMs = seen ? 100 : options.verbose ? 2_000 : Number.POSITIVE_INFINITY;
    // What is over at once shows nothing.
    this.#shownAt = this.#started + (seen ? 200 : 0);
  }

  /** @param total 0 or less when it is not known */
  update(done: number, total: number): void {
    const now = performance.now();
    if (now - this.#shownAt < this.#everyMs) return;
    this.#shownAt = now;
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : "";
    const of = total > 0 && total !== done ? ` of ${total}` : "";
    const seconds = ((now - this.#started) / 1_000).toFixed(0);
    const text = `${this.#label}${share} (${done}${of}, ${seconds} s)`;
    this.#output.raw(this.#output.isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
    this.#shown = true;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown && this.#output.isTerminal) this.#output.raw("\r\u001b[2K");
    this.#shown = false;
  }
}
