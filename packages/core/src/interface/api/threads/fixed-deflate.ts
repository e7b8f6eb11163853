/**
 * Deflates short texts against a preset dictionary: one block of raw deflate (RFC 1951) with the codes
 * that the format fixes. zlib makes the same of a few hundred bytes, and takes five times as long, most
 * of it for setting up a stream that is then thrown away.
 */
export class FixedDeflate {
  readonly #maxBytes: number;
  readonly #start: number;
  /** The dictionary, then the bytes at hand. */
  readonly #window: Uint8Array;
  /** Last place of three bytes by their hash, plus one; of the dictionary, and at work. */
  readonly #dictionaryHeads: Uint16Array;
  readonly #heads: Uint16Array;
  /** The place before with the same hash, plus one. */
  readonly #before: Uint16Array;
  readonly #output: Uint8Array;

  /** @param maxBytes of what is deflated: with the dictionary, less than 32 KiB */
  constructor(dictionary: Uint8Array, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#start = dictionary.length;
    this.#window = new Uint8Array(dictionary.length + maxBytes);
    this.#window.set(dictionary);
    this.#dictionaryHeads = new Uint16Array(HASHES);
    this.#heads = new Uint16Array(HASHES);
    this.#before = new Uint16Array(this.#window.length);
    // At worst nine bits a byte, the block's beginning and its end.
    this.#output = new Uint8Array(Math.ceil((maxBytes * 9) / 8) + 8);
    for (let at = 0; at + SHORTEST <= this.#start; at += 1) this.#enter(this.#dictionaryHeads, at);
  }

  /** @throws RangeError when the bytes are too many */
  deflate(bytes: Uint8Array): Buffer {
    if (bytes.length > this.#maxBytes) throw new RangeError("too long for one block");
    this.#window.set(bytes, this.#start);
    this.#heads.set(this.#dictionaryHeads);
    return Buffer.from(this.#output.subarray(0, this.#write(this.#start + bytes.length)));
  }

  /** @returns how many bytes it wrote */
  #write(end: number): number {
    const output = this.#output;
    let length = 0;
    let [bits, held] = [FIRST_BITS, FIRST_LENGTH];
    const put = (value: number, count: number): void => {
      bits |= value << held;
      for (held += count; held >= 8; held -= 8) {
        output[length++] = bits & 255;
        bits >>>= 8;
      }
    };
    let at = this.#start;
    let found = this.#longest(at, end);
    while (at < end) {
      const here = found;
      if (at + SHORTEST <= end) this.#enter(this.#heads, at);
      // A longer match one byte further on is worth a byte by itself.
      const isFair = here >= SHORTEST << 16;
      found = !isFair || here >>> 16 < GOOD ? this.#longest(at + 1, end) : 0;
      if (!isFair || found >>> 16 > here >>> 16) {
        const byte = this.#window[at] ?? 0;
        put(CODES[byte] ?? 0, byte < 144 ? 8 : 9);
        at += 1;
        continue;
      }
      const matched = here >>> 16;
      putMatch(put, matched, here & 0xffff);
      const next = at + matched;
      for (at += 1; at < next; at += 1) {
        if (at + SHORTEST <= end) this.#enter(this.#heads, at);
      }
      found = this.#longest(at, end);
    }
    put(0, END_LENGTH);
    if (held > 0) output[length++] = bits & 255;
    return length;
  }

  #enter(heads: Uint16Array, at: number): void {
    const hash = this.#hash(at);
    this.#before[at] = heads[hash] ?? 0;
    heads[hash] = at + 1;
  }

  #hash(at: number): number {
    const window = this.#window;
    const three = ((window[at] ?? 0) << 16) | ((window[at + 1] ?? 0) << 8) | (window[at + 2] ?? 0);
    return Math.imul(three, 0x9e37_79b1) >>> (32 - HASH_BITS);
  }

  /** The longest match at a place, times 2^16, plus its distance; 0 where there is none. */
  #longest(at: number, end: number): number {
    if (at + SHORTEST > end) return 0;
    const window = this.#window;
    const most = Math.min(LONGEST, end - at);
    let [best, distance] = [SHORTEST - 1, 0];
    let place = this.#heads[this.#hash(at)] ?? 0;
    for (let tries = TRIES; place > 0 && tries > 0; tries -= 1) {
      const from = place - 1;
      if (window[from + best] === window[at + best]) {
        let length = 0;
        while (length < most && window[from + length] === window[at + length]) length += 1;
        if (length > best) {
          [best, distance] = [length, at - from];
          if (length === most) break;
        }
      }
      place = this.#before[from] ?? 0;
    }
    return distance === 0 ? 0 : (best << 16) | distance;
  }
}

const HASH_BITS = 12;
const HASHES = 2 ** HASH_BITS;

/** Lengths that the format has. */
const SHORTEST = 3;
const LONGEST = 258;

/** After a match this long the next byte is not tried; places looked at for each. */
const GOOD = 32;
const TRIES = 24;

/** The last block, with fixed codes. */
const FIRST_BITS = 0b011;
const FIRST_LENGTH = 3;
const END_LENGTH = 7;

type Put = (value: number, count: number) => void;

function putMatch(put: Put, length: number, distance: number): void {
  const lengthCode = LENGTH_CODES[length] ?? 0;
  const symbol = 257 + lengthCode;
  put(CODES[symbol] ?? 0, symbol < 280 ? 7 : 8);
  const lengthBits = LENGTH_BITS[lengthCode] ?? 0;
  if (lengthBits > 0) put(length - (LENGTH_BASES[lengthCode] ?? 0), lengthBits);
  // Codes of distances: two for each number of further bits (RFC 1951, 3.2.5).
  const rest = distance - 1;
  const further = rest < 4 ? 0 : 30 - Math.clz32(rest);
  put(reversed(rest < 4 ? rest : 2 * further + (rest >>> further), 5), 5);
  if (further > 0) put(rest & ((1 << further) - 1), further);
}

/** By length code: how many further bits, and the first length. */
const LENGTH_BITS = [...Array.from({ length: 28 }, (_, code) => Math.max(0, (code >> 2) - 1)), 0];
const LENGTH_BASES = LENGTH_BITS.map((_, code) =>
  code === 28
    ? LONGEST
    : SHORTEST + LENGTH_BITS.slice(0, code).reduce((sum, bits) => sum + 2 ** bits, 0),
);
const LENGTH_CODES = Uint8Array.from({ length: LONGEST + 1 }, (_, length) =>
  LENGTH_BASES.findLastIndex((base) => base <= Math.max(length, SHORTEST)),
);

/** Codes of bytes and lengths (RFC 1951, 3.2.6), the first bit lowest. */
const CODES = Uint16Array.from({ length: 288 }, (_, symbol) => {
  if (symbol < 144) return reversed(0x30 + symbol, 8);
  if (symbol < 256) return reversed(0x190 + symbol - 144, 9);
  return symbol < 280 ? reversed(symbol - 256, 7) : reversed(0xc0 + symbol - 280, 8);
});

function reversed(value: number, count: number): number {
  let result = 0;
  for (let bit = 0; bit < count; bit += 1) result |= ((value >>> bit) & 1) << (count - 1 - bit);
  return result;
}
