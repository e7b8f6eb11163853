/**
 * Where a column's regions lie, written by the host at address 0. Field order and sizes are those
 * of `columnLayout` in the host's `layout.ts`; all fields but the first two are byte addresses. The
 * rows themselves stay with the host, which copies those that are needed to `batch`.
 */
@unmanaged
export class Layout {
  /** Elements per row: the dimensions rounded up to a multiple of 64, the rest zero. */
  stride: i32;
  /** Rows there is room for in `batch`. */
  batchSize: i32;
  /** f32[stride]: the query, of unit length. */
  query: usize;
  /** i8[stride]: the query's codes. */
  queryCodes: usize;
  /** f32[batchSize x stride]: rows, of unit length. */
  batch: usize;
  /** u32[batchSize]: the rows that `nextRows` wants to have in `batch`. */
  batchRows: usize;
  /** f32[batchSize]: exact cosines of the rows in `batch`. */
  batchScores: usize;
  /** i8[capacity x stride]: the rows' codes. */
  codes: usize;
  /** f32[capacity]: what one step of a row's codes is worth. */
  scales: usize;
  /** i32[capacity]: sum of a row's codes. */
  sums: usize;
  /** f32[capacity]: upper bound of the Euclidean length of (row - codes * scale). */
  errors: usize;
  /** u8[capacity]: 1 = the row holds a vector. INVARIANT: 0 from the row count to the capacity. */
  alive: usize;
  /** u8[capacity]: 1 = the caller may see the row. */
  allowed: usize;
  /**
   * f32[capacity]: upper bound of each row's cosine in the running search; NaN = not to be looked
   * at.
   */
  uppers: usize;
  /** f32[capacity] and u32[capacity]: heap of the rows with the best bounds. */
  candidateScores: usize;
  candidateRows: usize;
  /** f32[capacity] and u32[capacity]: heap of the rows with the best exact cosines; the answer. */
  hitScores: usize;
  hitRows: usize;
}

/** The column's layout. */
export const layout = changetype<Layout>(0);
