import { maxLanesF32, sumLanesF32, sumLanesI32 } from "./lanes";

/** What `quantiseVector` found out; valid until its next call. */
export let scale: f32 = 0;
export let sum: i32 = 0;
export let error: f32 = 0;
export let squaredNorm: f32 = 0;

/**
 * 1.5 * 2^23: an f32 of that size has no fraction, so adding it rounds, and its low bits are the
 * whole number.
 */
const ROUNDING_SHIFT: f32 = 12582912;

/**
 * The largest absolute value of a vector. Blind to NaN (`pmax` is one instruction, `max` is ten).
 */
function largest(source: usize, stride: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  const end = source + ((<usize>stride) << 2);
  for (; source < end; source += 32) {
    a = f32x4.pmax(a, f32x4.abs(v128.load(source)));
    b = f32x4.pmax(b, f32x4.abs(v128.load(source, 16)));
  }
  return maxLanesF32(f32x4.pmax(a, b));
}

@inline
function sumOfSquares(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)),
    f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d)),
  );
}

/**
 * Writes the codes round(x / scale) in [-levels, levels] with scale = largest |x| / levels, each
 * raised by `offset`, and sets the four values above. `error` bounds the length of (vector -
 * scale * codes) from above. Each 16 codes are written `gap` bytes after the 16 before.
 */
export function quantiseVector(
  source: usize,
  target: usize,
  gap: usize,
  stride: i32,
  levels: f32,
  offset: i32,
): void {
  const most = largest(source, stride);
  scale = most / levels;
  const inverse = f32x4.splat(most > 0 ? levels / most : 0);
  const scales = f32x4.splat(scale);
  const shift = f32x4.splat(ROUNDING_SHIFT);
  const offsets = i8x16.splat(<i8>offset);
  let sums = i32x4.splat(0);
  let losses = f32x4.splat(0);
  let squares = losses;
  const end = source + ((<usize>stride) << 2);
  for (; source < end; source += 64, target += gap) {
    const x0 = v128.load(source);
    const x1 = v128.load(source, 16);
    const x2 = v128.load(source, 32);
    const x3 = v128.load(source, 48);
    const moved0 = f32x4.add(f32x4.mul(x0, inverse), shift);
    const moved1 = f32x4.add(f32x4.mul(x1, inverse), shift);
    const moved2 = f32x4.add(f32x4.mul(x2, inverse), shift);
    const moved3 = f32x4.add(f32x4.mul(x3, inverse), shift);
    const codes = i8x16.narrow_i16x8_s(
      i16x8.narrow_i32x4_s(i32x4.sub(moved0, shift), i32x4.sub(moved1, shift)),
      i16x8.narrow_i32x4_s(i32x4.sub(moved2, shift), i32x4.sub(moved3, shift)),
    );
    v128.store(target, i8x16.add(codes, offsets));
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(codes)));
    squares = f32x4.add(squares, sumOfSquares(x0, x1, x2, x3));
    losses = f32x4.add(
      losses,
      sumOfSquares(
        f32x4.sub(x0, f32x4.mul(f32x4.sub(moved0, shift), scales)),
        f32x4.sub(x1, f32x4.mul(f32x4.sub(moved1, shift), scales)),
        f32x4.sub(x2, f32x4.mul(f32x4.sub(moved2, shift), scales)),
        f32x4.sub(x3, f32x4.mul(f32x4.sub(moved3, shift), scales)),
      ),
    );
  }
  sum = sumLanesI32(sums);
  squaredNorm = sumLanesF32(squares);
  // The factor and the constant cover the rounding of this very computation.
  error = sqrt(sumLanesF32(losses)) * 1.0001 + 2e-7;
}
