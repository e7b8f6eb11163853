import type { Scratch } from "./scratch.ts";
import { topRows } from "./top-rows.ts";
import type { VectorHits } from "./vectors/index.ts";

/** Rows that vectors may bring in; farther down, similarity says little and costs exact rescoring. */
export const VECTOR_ROWS = 32;

/** Rows with the best words, by which the vectors earn their weight. */
const TRIAL_ROWS = 8;

/**
 * Adds the vectors' evidence to the word scores, which must be relative to the best (0..1): each row found gets
 * `weight * trust * v`, where v is its cosine's place between the last and the first row found. Rows found by vectors
 * only become candidates.
 */
export function fuseVectors(
  { rows, scores }: VectorHits,
  scratch: Scratch,
  weight: number,
): VectorEvidence {
  const cosines = new Map<number, number>();
  if (rows.length === 0) return { cosines, likeness: () => 0 };
  const top = scores[0] ?? 0;
  const floor =
    rows.length < VECTOR_ROWS
      ? Math.min(0, scores[rows.length - 1] ?? 0)
      : (scores[rows.length - 1] ?? 0);
  const span = Math.max(1e-6, top - floor);
  const place = new Map<number, number>();
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    cosines.set(row, scores[at] ?? 0);
    place.set(row, ((scores[at] ?? 0) - floor) / span);
  }
  const trust = trustIn(place, scratch);
  for (const [row, value] of place) {
    scratch.nominate(row);
    scratch.score[row] = (scratch.score[row] ?? 0) + weight * trust * value;
  }
  const ordinary = ordinaryCosine(scores, rows.length);
  const likeness = (row: number): number =>
    trust * Math.min(1, Math.max(0, ((cosines.get(row) ?? 0) - ordinary) / CLEARLY_ALIKE));
  return { cosines, likeness };
}

/** What vectors say of the rows they found. */
export interface VectorEvidence {
  readonly cosines: ReadonlyMap<number, number>;
  /** How clearly a row is like the query, 0..1: its cosine above that of rows which are merely the next best, times trust. */
  readonly likeness: (row: number) => number;
}

/** So far above the ordinary a cosine leaves no doubt. */
const CLEARLY_ALIKE = 0.35;
/** Fewer rows say nothing about what is ordinary under a model; most models stay below this for unrelated texts. */
const FEW_ROWS = 8;
const ORDINARY_OF_FEW = 0.6;
const LEAST_ORDINARY = 0.35;

/** The cosine that says nothing: somewhat above the lower half of the rows found. Models differ widely in it. */
function ordinaryCosine(scores: ArrayLike<number>, count: number): number {
  if (count < FEW_ROWS) return ORDINARY_OF_FEW;
  const half = count >> 1;
  let sum = 0;
  for (let at = half; at < count; at++) sum += scores[at] ?? 0;
  return Math.max(LEAST_ORDINARY, sum / (count - half) + 0.1);
}

/** Agreement that noise reaches, and agreement at which vectors have their full weight. */
const CHANCE = 0.04;
const FULL = 0.15;

/**
 * Vectors earn their weight query by query: where the rows with the best words, which are right more often than not, are
 * high in the vectors' list too, the list is worth hearing. Mean place (0..1) of these rows, weighted by their score,
 * against what noise reaches and what a useful model does. 1 when no word matched: vectors are all there is.
 */
function trustIn(place: ReadonlyMap<number, number>, scratch: Scratch): number {
  const { score } = scratch;
  const best = topRows(scratch, score, TRIAL_ROWS, {
    keys: [(row) => -(place.get(row) ?? 0)],
    precedes: (row, other) => row < other,
  });
  if (best.length === 0) return 1;
  let sum = 0;
  let total = 0;
  for (const row of best) {
    sum += (score[row] ?? 0) * (place.get(row) ?? 0);
    total += score[row] ?? 0;
  }
  return Math.min(1, Math.max(0, (sum / total - CHANCE) / (FULL - CHANCE)));
}
