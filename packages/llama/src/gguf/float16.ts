/** Half precision (IEEE 754 binary16) by hand: `Float16Array` comes with Node 24 only. */

const scratch = new DataView(new ArrayBuffer(4));

/** Rounds to the nearest half, ties to even; beyond the range it is an infinity. */
export function toFloat16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  // From 2^-14 on halves are normal: drop 13 bits of the fraction and move the exponent.
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - 0x38000000, 13);
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `value / 2^bits`, rounded to the nearest integer, ties to even. */
function roundShift(value: number, bits: number): number {
  const half = 2 ** (bits - 1);
  const rest = value % 2 ** bits;
  const whole = Math.floor(value / 2 ** bits);
  return rest > half || (rest === half && whole % 2 === 1) ? whole + 1 : whole;
}
