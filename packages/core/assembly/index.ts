import { dotCodesOfFour, dotExact } from "./dot";
import { layout } from "./layout";
import { error, quantiseVector, scale, squaredNorm, sum } from "./quantise";
import { TopList } from "./top-list";

const ROW_LEVELS: f32 = 127;
// The relaxed dot product wants one operand of 7 unsigned bits: the query's codes are raised by 64,
// and 64 times the row's sum of codes is taken off again. Plain SIMD has no such limit.
const QUERY_LEVELS: f32 = ASC_FEATURE_RELAXED_SIMD ? 63 : 127;
const QUERY_OFFSET: i32 = ASC_FEATURE_RELAXED_SIMD ? 64 : 0;
const QUERY_OFFSET_BITS: i32 = 6;
/** From 16 codes of a row to its next 16. */
const CODE_GAP: usize = 64;
/** Rows whose squared length is further from 1 are refused; the bounds below allow for the rest. */
const NORM_TOLERANCE: f32 = 1e-4;

const candidates = changetype<TopList>(128);
const hits = changetype<TopList>(160);

@inline
function rowAddress(row: u32): usize {
  return layout.rows + ((<usize>row * <usize>layout.stride) << 2);
}

/** Where a row's first 16 codes lie: four rows share a block, see `dotCodesOfFour`. */
@inline
function codeAddress(row: u32): usize {
  return layout.codes + <usize>(row >> 2) * (<usize>layout.stride << 2) + ((<usize>row & 3) << 4);
}

/** Empties a row and overwrites what it held with zeros. */
export function clear(row: i32): void {
  store<u8>(layout.alive + row, 0);
  memory.fill(rowAddress(row), 0, (<usize>layout.stride) << 2);
  let codes = codeAddress(row);
  for (let left = layout.stride; left > 0; left -= 16, codes += CODE_GAP) {
    v128.store(codes, i8x16.splat(0));
  }
}

/**
 * Makes codes, scale, sum and error of the living rows [first, first + count).
 * Returns the first row that is not finite or not of unit length, or -1.
 */
export function quantise(first: i32, count: i32): i32 {
  const stride = layout.stride;
  for (let row = first; row < first + count; row++) {
    if (!load<u8>(layout.alive + row)) continue;
    quantiseVector(rowAddress(row), codeAddress(row), CODE_GAP, stride, ROW_LEVELS, 0);
    if (!(abs(squaredNorm - 1) < NORM_TOLERANCE)) return row;
    const at = (<usize>row) << 2;
    store<f32>(layout.scales + at, scale);
    store<i32>(layout.sums + at, sum);
    store<f32>(layout.errors + at, error);
  }
  return -1;
}

/**
 * Bounds the cosine of every row of [0, count) from above (`uppers`) and keeps the `limit` best
 * bounds as candidates.
 *
 * With row = scale * codes + e and query = queryScale * queryCodes + f:
 * row . query = scale * queryScale * (codes . queryCodes) + f . row + (query - f) . e, and by
 * Cauchy-Schwarz the last two are at most |f| |row| + |query - f| |e|.
 */
export function scan(count: i32, limit: i32, masked: bool): void {
  const stride = <usize>layout.stride;
  quantiseVector(layout.query, layout.queryCodes, 16, layout.stride, QUERY_LEVELS, QUERY_OFFSET);
  const queryScale = f32x4.splat(scale);
  // Rounding of this f32 arithmetic and of the exact cosine to f32; the factors 1.0001 are for
  // lengths not quite 1.
  const rounding: f32 = 2e-6;
  const queryError = f32x4.splat(error * 1.0001 + rounding);
  const codedLength = f32x4.splat((1 + error) * 1.0001);
  const nothing = f32x4.splat(NaN);
  const alive = layout.alive;
  const allowed = masked ? layout.allowed : alive;
  const uppers = layout.uppers;
  candidates.reset(layout.candidateScores, layout.candidateRows, limit);
  let bar = f32x4.splat(-Infinity);
  let codes = layout.codes;
  for (let row = 0; row < count; row += 4, codes += stride << 2) {
    const at = (<usize>row) << 2;
    const seen = load<u32>(alive + row) & load<u32>(allowed + row);
    if (!seen) {
      v128.store(uppers + at, nothing);
      continue;
    }
    let dots = dotCodesOfFour(codes, layout.queryCodes, stride);
    if (ASC_FEATURE_RELAXED_SIMD) {
      dots = i32x4.sub(dots, i32x4.shl(v128.load(layout.sums + at), QUERY_OFFSET_BITS));
    }
    const estimate = f32x4.mul(
      f32x4.mul(f32x4.convert_i32x4_s(dots), v128.load(layout.scales + at)),
      queryScale,
    );
    const slack = f32x4.add(queryError, f32x4.mul(codedLength, v128.load(layout.errors + at)));
    const seenLanes = i32x4.ne(
      i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(i32x4.splat(seen))),
      i32x4.splat(0),
    );
    const upper = v128.bitselect(f32x4.add(estimate, slack), nothing, seenLanes);
    v128.store(uppers + at, upper);
    if (v128.any_true(f32x4.gt(upper, bar))) {
      for (let lane = 0; lane < 4; lane++) {
        const score = load<f32>(uppers + at + ((<usize>lane) << 2));
        if (score > candidates.bar) candidates.offer(score, row + lane);
      }
      bar = f32x4.splat(candidates.bar);
    }
  }
}

/** Exact cosine of one row with the query. */
@inline
function exact(row: u32): f32 {
  return dotExact(rowAddress(row), layout.query, layout.stride);
}

/**
 * After `scan`: exact cosines of the candidates from the best bound down, as long as the bound
 * reaches the worst hit, then, if that used up the candidates, of every other row of [0, count)
 * whose bound does. So the hits are the exact best `limit`, best first. Returns the number of rows
 * looked at.
 */
export function rescore(count: i32, limit: i32): i32 {
  hits.reset(layout.hitScores, layout.hitRows, limit);
  candidates.sort();
  let looked = 0;
  for (; looked < candidates.size; looked++) {
    const at = (<usize>looked) << 2;
    if (load<f32>(candidates.scores + at) < hits.bar) break;
    const row = load<u32>(candidates.rows + at);
    hits.offer(exact(row), row);
    store<f32>(layout.uppers + ((<usize>row) << 2), NaN);
  }
  // INVARIANT: no row outside the candidates has a bound above the worst candidate's.
  if (looked == candidates.limit) looked += refine(count);
  hits.sort();
  return looked;
}

/**
 * Exact cosines of the rows of [0, count) that were not looked at and whose bound reaches the worst
 * hit.
 */
function refine(count: i32): i32 {
  let looked = 0;
  let bar = hits.bar;
  for (let row = 0; row < count; row += 4) {
    const at = layout.uppers + ((<usize>row) << 2);
    if (!v128.any_true(f32x4.ge(v128.load(at), f32x4.splat(bar)))) continue;
    for (let lane = 0; lane < 4; lane++) {
      if (!(load<f32>(at + ((<usize>lane) << 2)) >= bar)) continue;
      hits.offer(exact(row + lane), row + lane);
      looked++;
      bar = hits.bar;
    }
  }
  return looked;
}

/** The number of hits of the last `rescore`. */
export function hitCount(): i32 {
  return hits.size;
}

/** Writes the exact cosines of the rows hitRows[0, count) to hitScores. */
export function similarities(count: i32): void {
  for (let index: usize = 0; index < <usize>count; index++) {
    store<f32>(layout.hitScores + (index << 2), exact(load<u32>(layout.hitRows + (index << 2))));
  }
}

/**
 * Sum of f32[count] at the rows: reads them at the speed of the machine, which is the limit of an
 * exact scan.
 */
export function sumRows(count: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = layout.rows + (((<usize>count) * <usize>layout.stride) << 2);
  for (let at = layout.rows; at < end; at += 64) {
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
    c = f32x4.add(c, v128.load(at, 32));
    d = f32x4.add(d, v128.load(at, 48));
  }
  return f32x4.extract_lane(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), 0);
}
