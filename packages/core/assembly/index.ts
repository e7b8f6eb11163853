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

/** Where the batch's row number `slot` lies. */
@inline
function batchAddress(slot: i32): usize {
  return layout.batch + ((<usize>slot * <usize>layout.stride) << 2);
}

/** Where a row's first 16 codes lie: four rows share a block, see `dotCodesOfFour`. */
@inline
function codeAddress(row: u32): usize {
  return layout.codes + <usize>(row >> 2) * (<usize>layout.stride << 2) + ((<usize>row & 3) << 4);
}

/** Empties a row and overwrites its codes with zeros, and the batch, which may hold the row. */
export function clear(row: i32): void {
  store<u8>(layout.alive + row, 0);
  memory.fill(layout.batch, 0, (<usize>layout.batchSize * <usize>layout.stride) << 2);
  let codes = codeAddress(row);
  for (let left = layout.stride; left > 0; left -= 16, codes += CODE_GAP) {
    v128.store(codes, i8x16.splat(0));
  }
}

/**
 * Brings the vector of f32[stride] at `address` to unit length. Returns the square of the length it
 * had; if that is 0 or not finite, the vector stays as it is.
 */
export function normalise(address: usize): f64 {
  const squares = dotExact(address, address, layout.stride);
  if (!(squares > 0 && squares < Infinity)) return squares;
  const factor = f64x2.splat(1 / sqrt(squares));
  const end = address + ((<usize>layout.stride) << 2);
  for (; address < end; address += 16) {
    const low = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(address)), factor);
    const high = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(address, 8)), factor);
    v128.store(
      address,
      v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2),
    );
  }
  return squares;
}

/**
 * Makes codes, scale, sum and error of the living rows [first, first + count), which lie in the
 * batch. Returns the first row that is not finite or not of unit length, or -1.
 */
export function quantise(first: i32, count: i32): i32 {
  const stride = layout.stride;
  for (let row = first; row < first + count; row++) {
    if (!load<u8>(layout.alive + row)) continue;
    quantiseVector(batchAddress(row - first), codeAddress(row), CODE_GAP, stride, ROW_LEVELS, 0);
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

/** Writes the exact cosines of the first `count` rows of the batch with the query. */
export function similarities(count: i32): void {
  for (let slot = 0; slot < count; slot++) {
    const score = <f32>dotExact(batchAddress(slot), layout.query, layout.stride);
    store<f32>(layout.batchScores + ((<usize>slot) << 2), score);
  }
}

/** Rows of the running search. */
let rowCount: i32 = 0;
/** Candidates that were looked at, best bound first. */
let candidatesTaken: i32 = 0;
/** Rows whose bounds were compared after the candidates were used up. */
let rowsRefined: i32 = 0;

/** After `scan`, before `nextRows`: nothing was looked at yet. */
export function startRescore(count: i32, limit: i32): void {
  hits.reset(layout.hitScores, layout.hitRows, limit);
  candidates.sort();
  rowCount = count;
  candidatesTaken = 0;
  rowsRefined = 0;
}

/**
 * Takes the exact cosines of the `given` rows that the last call wanted and that now lie in the
 * batch; then writes the rows that have to be looked at next to `batchRows` and returns how many. 0
 * = the hits are the exact best, best first.
 *
 * These are the candidates from the best bound down, as long as the bound reaches the worst hit,
 * then, if that used up the candidates, every other row whose bound does. Each row is wanted once.
 */
export function nextRows(given: i32): i32 {
  similarities(given);
  for (let at: usize = 0; at < (<usize>given) << 2; at += 4) {
    hits.offer(load<f32>(layout.batchScores + at), load<u32>(layout.batchRows + at));
  }
  let wanted = takeCandidates();
  // INVARIANT: no row outside the candidates has a bound above the worst candidate's.
  if (!wanted && candidatesTaken == candidates.limit) wanted = refine();
  if (!wanted) hits.sort();
  return wanted;
}

function takeCandidates(): i32 {
  let wanted = 0;
  const bar = hits.bar;
  for (; candidatesTaken < candidates.size && wanted < layout.batchSize; candidatesTaken++) {
    const at = (<usize>candidatesTaken) << 2;
    if (load<f32>(candidates.scores + at) < bar) break;
    const row = load<u32>(candidates.rows + at);
    want(row, wanted++);
    store<f32>(layout.uppers + ((<usize>row) << 2), NaN);
  }
  return wanted;
}

function refine(): i32 {
  let wanted = 0;
  const bar = hits.bar;
  const bars = f32x4.splat(bar);
  for (; rowsRefined < rowCount && wanted + 4 <= layout.batchSize; rowsRefined += 4) {
    const at = layout.uppers + ((<usize>rowsRefined) << 2);
    if (!v128.any_true(f32x4.ge(v128.load(at), bars))) continue;
    for (let lane = 0; lane < 4; lane++) {
      if (load<f32>(at + ((<usize>lane) << 2)) >= bar) want(rowsRefined + lane, wanted++);
    }
  }
  return wanted;
}

@inline
function want(row: u32, slot: i32): void {
  store<u32>(layout.batchRows + ((<usize>slot) << 2), row);
}

/** The number of hits of the last search. */
export function hitCount(): i32 {
  return hits.size;
}

/**
 * Sum of the rows' codes, 4 at a time: reads them at the speed of the machine, which is the limit
 * of a scan.
 */
export function sumCodes(count: i32): i32 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = layout.codes + <usize>count * <usize>layout.stride;
  for (let at = layout.codes; at < end; at += 64) {
    a = i32x4.add(a, v128.load(at));
    b = i32x4.add(b, v128.load(at, 16));
    c = i32x4.add(c, v128.load(at, 32));
    d = i32x4.add(d, v128.load(at, 48));
  }
  return i32x4.extract_lane(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), 0);
}
