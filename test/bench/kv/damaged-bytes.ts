/** A number from 0 up to 1. */
export type Random = () => number;

const VALUES = [0, 1, 2, 4, 8, 31, 32, 255, 256, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const WIDE = [0n, 1n, 1n << 31n, 1n << 32n, 1n << 53n, 1n << 62n, (1n << 64n) - 1n];
const TEXTS = [
  "",
  "null",
  "true",
  "-1",
  "1e999",
  "0.5",
  "[]",
  "{}",
  '"\\u0000"',
  '"__proto__"',
  "9".repeat(40),
];

/** A copy with one to three damages among the first `span` bytes. */
export function damagedBytes(bytes: Uint8Array, span: number, random: Random): Buffer {
  let damaged: Buffer = Buffer.from(bytes);
  const below = (limit: number) => Math.floor(random() * Math.max(1, limit));
  for (let part = 1 + below(3); part > 0; part -= 1) {
    const at = below(Math.min(span, damaged.length));
    const left = damaged.length - at;
    const how = below(7);
    if (how === 0 && left > 0) damaged[at] = (damaged[at] ?? 0) ^ (1 << below(8));
    else if (how === 1 && left >= 4) damaged.writeUInt32LE(VALUES[below(VALUES.length)] ?? 0, at);
    else if (how === 2 && left >= 8) damaged.writeBigUInt64LE(WIDE[below(WIDE.length)] ?? 0n, at);
    else if (how === 3) damaged = damaged.subarray(0, at);
    else if (how === 4)
      damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + below(64))]);
    else if (how === 5) {
      const again = damaged.subarray(at, at + below(256));
      damaged = Buffer.concat([damaged.subarray(0, at), again, damaged.subarray(at)]);
    } else
      for (let each = at; each < Math.min(at + 16, damaged.length); each += 1)
        damaged[each] = below(256);
  }
  return damaged;
}

/** A text with a value, a stretch or a character that is another one. */
export function damagedText(text: string, random: Random): string {
  const below = (limit: number) => Math.floor(random() * Math.max(1, limit));
  const other = TEXTS[below(TEXTS.length)] ?? "";
  const how = below(4);
  const at = below(text.length);
  if (how === 0) return text.slice(0, at) + text.slice(at + 1 + below(8));
  if (how === 1) return text.slice(0, at) + other + text.slice(at);
  if (how === 2) return text.slice(0, at);
  const values = [...text.matchAll(/:("[^"]*"|-?[\d.]+|\[[^\]]*\]|\{[^}]*\})/g)];
  const value = values[below(values.length)];
  if (value === undefined) return text;
  return `${text.slice(0, value.index + 1)}${other}${text.slice(value.index + value[0].length)}`;
}
