import type { Argument } from "../connection/connection.ts";

/** Text 32 and array 32 of MessagePack, which has four bytes of length after each. */
const TEXT = 0xdb;
const ARRAY = 0xdd;
const HEADER_BYTES = 5;

/** Most steps fit; Node takes so little from a pool. */
const FIRST_BYTES = 2_048;

/** Up to so many characters it takes longer to call what writes text than to write it here. */
const SHORT_CHARS = 48;

/** From so many bytes on each argument is sent by itself: packed, the server has all of it twice. */
const LARGE_BYTES = 65_536;

/** Bytes of a number. */
type Width = 1 | 2 | 4;

/**
 * Writes the arguments of a script into one buffer, as one argument: a client sends each buffer by itself,
 * and making many small ones takes longer than what is sent. Read by `thread.arguments` of
 * scripts/modules/thread.lua.
 */
export class ArgumentWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = HEADER_BYTES;
  #start = 0;
  /** Where each argument begins, behind its header. */
  readonly #starts: number[] = [];

  /** A whole argument. */
  text(value: string): void {
    this.begin();
    this.addText(value);
    this.end();
  }

  /** What is added from here to {@link end} is one argument. */
  begin(): void {
    this.#reserve(HEADER_BYTES);
    this.#at += HEADER_BYTES;
    this.#start = this.#at;
    this.#starts.push(this.#at);
  }

  end(): void {
    this.#header(this.#start - HEADER_BYTES, TEXT, this.#at - this.#start);
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
    const starts = this.#starts;
    if (this.#at <= LARGE_BYTES) {
      this.#header(0, ARRAY, starts.length);
      return [this.#bytes.subarray(0, this.#at)];
    }
    return starts.map((start, index) => {
      const next = starts[index + 1];
      return this.#bytes.subarray(start, next === undefined ? this.#at : next - HEADER_BYTES);
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

  #header(at: number, type: number, size: number): void {
    this.#bytes[at] = type;
    writeNumber(this.#bytes, at + 1, size, 4);
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
