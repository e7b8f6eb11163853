import type { Writable } from "node:stream";
import { styleText } from "node:util";

import { oneLine, plainText, printable, safeJson } from "./plain-text.ts";

/** A stream that is written to, such as `process.stdout`. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Of a terminal that does not tell its width. */
const FALLBACK_COLUMNS = 80;

type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/**
 * One stream of a terminal, a pipe or a file. Colour only where a terminal shows it and NO_COLOR
 * does not ask for none.
 */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: OutputStream;
  #broken = false;

  /**
   * @param onBroken called once when it takes no more: `EPIPE` when the reader has gone (`| head`)
   */
  constructor(stream: OutputStream, onBroken: (error: NodeJS.ErrnoException) => void = () => {}) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#broken) return;
      this.#broken = true;
      onBroken(error);
    });
  }

  /** Columns of the terminal; `undefined` where there is none. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns || FALLBACK_COLUMNS : undefined;
  }

  /**
   * Writes a line (or several). What comes from memories goes through `plainText` or `oneLine`
   * first; whatever was missed there can't drive a terminal either.
   */
  line(text = ""): void {
    this.raw(`${printable(text)}\n`);
  }

  /** One JSON value on one line. */
  json(value: unknown): void {
    this.line(safeJson(value));
  }

  raw(text: string): void {
    if (!this.#broken) this.#stream.write(text);
  }

  /** Waits, in a long output, when the reader lags behind. */
  async caughtUp(): Promise<void> {
    if (this.#stream.writableNeedDrain) await this.finished();
  }

  /** Waits until everything was taken, or can't be. */
  async finished(): Promise<void> {
    if (this.#broken) return;
    await new Promise<void>((resolve) => {
      this.#stream.write("", () => resolve());
    });
  }

  /** The text in a format, where this stream shows formats. */
  style(format: Format, text: string): string {
    return styleText(format, text, { stream: this.#stream });
  }
}

/** Diagnostics on standard error: never part of the result. */
export class Notes {
  readonly output: Output;
  readonly #quiet: boolean;

  constructor(output: Output, quiet: boolean) {
    this.output = output;
    this.#quiet = quiet;
  }

  /** What is nice to know; nothing with --quiet. */
  note(text: string): void {
    if (!this.#quiet) this.output.line(this.output.style("dim", plainText(text)));
  }

  /** What should be looked at; also with --quiet. */
  warn(text: string): void {
    this.output.line(`${this.output.style("yellow", "warning:")} ${oneLine(text)}`);
  }

  error(text: string, hint?: string): void {
    this.output.line(`${this.output.style("red", "memcube:")} ${plainText(text)}`);
    if (hint !== undefined) this.output.line(`  ${plainText(hint)}`);
  }
}
