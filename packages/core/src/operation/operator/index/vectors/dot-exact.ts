/**
 * Dot product of `length` (a multiple of 8) elements from `left` on with those from `right` on,
 * with the 8 running sums of `dotExact` in `packages/core/assembly/dot.ts`, added up in its order.
 */
export function dotExact(
  floats: Float32Array,
  left: number,
  right: number,
  length: number,
): number {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let x = left, y = right; x < left + length; x += 8, y += 8) {
    a += (floats[x] as number) * (floats[y] as number);
    b += (floats[x + 1] as number) * (floats[y + 1] as number);
    c += (floats[x + 2] as number) * (floats[y + 2] as number);
    d += (floats[x + 3] as number) * (floats[y + 3] as number);
    e += (floats[x + 4] as number) * (floats[y + 4] as number);
    f += (floats[x + 5] as number) * (floats[y + 5] as number);
    g += (floats[x + 6] as number) * (floats[y + 6] as number);
    h += (floats[x + 7] as number) * (floats[y + 7] as number);
  }
  return a + c + (e + g) + (b + d + (f + h));
}
