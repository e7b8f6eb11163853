import { sumLanesOfFour } from "./lanes";

/**
 * Two f32 elements, one after the other, times two others, in f64: a product of two f32 values is
 * exact in f64.
 */
@inline
function productOfTwo(left: usize, right: usize): v128 {
  return f64x2.mul(
    f64x2.promote_low_f32x4(v128.load64_zero(left)),
    f64x2.promote_low_f32x4(v128.load64_zero(right)),
  );
}

/** Dot product of two vectors of `stride` f32 elements, added up in f64 in 8 running sums. */
export function dotExact(left: usize, right: usize, stride: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = left + ((<usize>stride) << 2);
  for (; left < end; left += 32, right += 32) {
    a = f64x2.add(a, productOfTwo(left, right));
    b = f64x2.add(b, productOfTwo(left + 8, right + 8));
    c = f64x2.add(c, productOfTwo(left + 16, right + 16));
    d = f64x2.add(d, productOfTwo(left + 24, right + 24));
  }
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
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
 * Dot products of the codes of four neighbouring rows with the query's codes: i32x4. The four lie
 * interleaved, 16 codes of each in turn, so that they are read in one stream and the query's codes
 * are loaded once for all four.
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
