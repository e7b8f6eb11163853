import type { Argument } from "../connection/connection.ts";

/** Most steps fit; Node takes so little from a pool. */
const FIRST_BYTES = 2_048;

/** Up to so many characters it takes longer to call what writes text than to write it here. */
const SHORT_CHARS = 48;

/** Bytes of a number. */
type Width = 1 | 2 | 4;

/**
 * Writes the arguments of a script: texts as they are, bytes into one buffer, since making many small ones
 * takes longer than sending what is in them.
 */
export class ArgumentWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** Texts, and where bytes end, which begin where those before end. */
  readonly #args: (string | number)[] = [];

  /** A whole argument. */
  text(value: string): void {
    this.#args.push(value);
  }

  /** What was added since the argument before is one. */
  end(): void {
    this.#args.push(this.#at);
  }

  addText(text: string): void {
    // A character of UTF-16 is at most three bytes.
    this.#reserve(3 * text.length);
    const length = text.length <= SHORT_CHARS ? this.#addAscii(text) : 0;
    this.#at += length > 0 ? length : this.#bytes.write(text, this.#at);
  }

  /** Adds bytes. @returns false, with nothing added, where the text is not hexadecimal */
  addHex(hex: string): boolean {
    this.#reserve(hex.length / 2);
    const length = this.#bytes.write(hex, this.#at, "hex");
    if (2 * length !== hex.length) return false;
    this.#at += length;
    return true;
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A number of so many bytes, the highest first. */
  addNumber(value: number, width: Width): void {
    this.#reserve(width);
    writeNumber(this.#bytes, this.#at, value, width);
    this.#at += width;
  }

  /** Room for a number of so many bytes: how many bytes were added from there to {@link setSize}. */
  addSize(width: Width): number {
    this.addNumber(0, width);
    return this.#at;
  }

  setSize(place: number, width: Width): void {
    writeNumber(this.#bytes, place - width, this.#at - place, width);
  }

  /** All arguments. */
  finish(): readonly Argument[] {
    let start = 0;
    return this.#args.map((arg) => {
      if (typeof arg === "string") return arg;
      const bytes = this.#bytes.subarray(start, arg);
      start = arg;
      return bytes;
    });
  }

  /** How many bytes it wrote: none where a character is not ASCII. */
  #addAscii(text: string): number {
    const bytes = this.#bytes;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return 0;
      bytes[this.#at + at] = code;
    }
    return text.length;
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function writeNumber(bytes: Buffer, at: number, value: number, width: Width): void {
  for (let index = 0; index < width; index += 1)
    bytes[at + index] = value >>> (8 * (width - 1 - index));
}
