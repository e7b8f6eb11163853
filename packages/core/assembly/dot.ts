import { sumLanesF32, sumLanesOfFour } from "./lanes";

/**
 * Exact f32 dot product of two vectors of `stride` elements. Products and sums are rounded one by one (no fused
 * multiply-add, whose rounding differs between machines) in 16 running sums.
 */
export function dotF32(left: usize, right: usize, stride: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = left + ((<usize>stride) << 2);
  for (; left < end; left += 64, right += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(left), v128.load(right)));
    b = f32x4.add(b, f32x4.mul(v128.load(left, 16), v128.load(right, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(left, 32), v128.load(right, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(left, 48), v128.load(right, 48)));
  }
  return sumLanesF32(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** One step of 16 codes of one row against the query's. */
@inline
function step(row: v128, query: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(row, query, sum);
  return i32x4.add(
    i32x4.add(
      i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(row), i16x8.extend_low_i8x16_s(query)),
      i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(row), i16x8.extend_high_i8x16_s(query)),
    ),
    sum,
  );
}

/**
 * Dot products of the codes of four neighbouring rows with the query's codes: i32x4. The four lie interleaved, 16
 * codes of each in turn, so that they are read in one stream and the query's codes are loaded once for all four.
 */
@inline
export function dotCodesOfFour(block: usize, query: usize, stride: usize): v128 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let a2 = a;
  let b2 = a;
  let c2 = a;
  let d2 = a;
  const end = query + stride;
  for (; query < end; query += 32, block += 128) {
    const low = v128.load(query);
    a = step(v128.load(block), low, a);
    b = step(v128.load(block, 16), low, b);
    c = step(v128.load(block, 32), low, c);
    d = step(v128.load(block, 48), low, d);
    const high = v128.load(query, 16);
    a2 = step(v128.load(block, 64), high, a2);
    b2 = step(v128.load(block, 80), high, b2);
    c2 = step(v128.load(block, 96), high, c2);
    d2 = step(v128.load(block, 112), high, d2);
  }
  return sumLanesOfFour(i32x4.add(a, a2), i32x4.add(b, b2), i32x4.add(c, c2), i32x4.add(d, d2));
}
