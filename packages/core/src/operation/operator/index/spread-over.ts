import { NONE } from "./row-table.ts";

/**
 * Chooses `limit` of the ranked rows so that more sessions get a word in: each time a session's row is taken, the
 * others of it lose `loss` of their score, which is written back. For questions that ask for several things, whose
 * evidence lies in several places. Best first.
 */
export function spreadOver(
  ranked: readonly number[],
  session: Int32Array,
  score: Float64Array,
  limit: number,
  loss: number,
): number[] {
  const left = [...ranked];
  const taken: number[] = [];
  while (taken.length < limit && left.length > 0) {
    let best = 0;
    for (let at = 1; at < left.length; at++) {
      if ((score[left[at] ?? 0] ?? 0) > (score[left[best] ?? 0] ?? 0)) best = at;
    }
    const [row = NONE] = left.splice(best, 1);
    taken.push(row);
    const of = session[row] ?? NONE;
    if (of === NONE) continue;
    for (const other of left)
      if (session[other] === of) score[other] = (score[other] ?? 0) * (1 - loss);
  }
  return taken;
}
