const DIGITS = "0123456789abcdefghijklmnopqrstuv";

/** Two digits for each ten bits: making numbers into text digit by digit would cost most of the hash. */
const PAIRS: readonly string[] = Array.from(
  { length: 1_024 },
  (_, value) => `${DIGITS.charAt(value >> 5)}${DIGITS.charAt(value & 31)}`,
);

/**
 * Hashes terms for the full-text index. Nothing in it can be read as text, also not what it keeps of an
 * erased memory as a boundary between two pages; and whatever characters a term has, its hash is plain
 * letters and digits, so no term can break out of a query. Each cube hashes in its own way: cubes share
 * no posting list. 50 bits of MurmurHash3's mixing in two lanes: two terms of a cube that meet cost a
 * spurious candidate, which ranking drops.
 */
export class TermHash {
  readonly #seeds: readonly [number, number];

  /** @param secret 8 random bytes of the file */
  constructor(secret: Uint8Array) {
    const view = new DataView(secret.buffer, secret.byteOffset, 8);
    this.#seeds = [view.getUint32(0), view.getUint32(4)];
  }

  /** The hash of a term: ten letters and digits. */
  of(cubeKey: number, term: string): string {
    let low = this.#seeds[0] ^ Math.imul(cubeKey, 0x9e3779b1);
    let high = this.#seeds[1] ^ Math.imul(cubeKey, 0x85ebca6b);
    for (let place = 0; place < term.length; place += 1) {
      const unit = term.charCodeAt(place);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
    }
    low = mixed(low ^ (high >>> 15));
    high = mixed(high ^ (low >>> 13));
    return pair(low) + pair(low >>> 10) + pair(low >>> 20) + pair(high) + pair(high >>> 10);
  }
}

function pair(bits: number): string {
  return PAIRS[bits & 1_023] ?? "";
}

/** MurmurHash3's last step: every bit of the input moves every bit of the output. */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
