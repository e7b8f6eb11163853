import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectBest, type TieOrder } from "./select-best.ts";
import { type CandidateRows, topRows } from "./top-rows.ts";

/** Rows in any order, most of them with the score or the keys of others. */
const input = fc
  .array(fc.tuple(fc.integer({ min: -1, max: 3 }), fc.constantFrom(-Infinity, 0, 1)), {
    maxLength: 60,
  })
  .chain((rows) =>
    fc.record({
      score: fc.constant(Float64Array.from(rows, ([score]) => score)),
      key: fc.constant(rows.map(([, key]) => key)),
      rows: fc.shuffledSubarray([...rows.keys()], { minLength: rows.length }),
      limit: fc.integer({ min: 0, max: 70 }),
    }),
  );

/** By two keys, then by row from the last to the first. */
const tiesOf = (key: readonly number[]): TieOrder => ({
  keys: [(row) => key[row]!, (row) => row % 3],
  precedes: (row, other) => row > other,
});

const inOrder = (score: Float64Array, key: readonly number[]): number[] =>
  [...score.keys()].sort(
    (a, b) =>
      score[b]! - score[a]! ||
      (key[a] === key[b] ? 0 : key[b]! - key[a]!) ||
      (b % 3) - (a % 3) ||
      b - a,
  );

/** Candidates beside what an earlier search left. */
const candidatesOf = (rows: readonly number[]): CandidateRows => ({
  candidates: Int32Array.from([...rows, 7, 8]),
  candidateCount: rows.length,
  touched: new Int32Array(rows.length).fill(3),
  keys: new Float64Array(rows.length).fill(9),
});

describe("selectBest", () => {
  it("moves exactly the best to the front, ties included, and loses no row", () => {
    fc.assert(
      fc.property(input, ({ score, key, rows, limit }) => {
        const best = {
          rows: Int32Array.from(rows),
          keys: Float64Array.from(rows, (row) => score[row]!),
        };
        const chosen = selectBest(best, rows.length, limit, tiesOf(key));
        expect(chosen).toBe(Math.min(limit, rows.length));
        expect(best.rows.slice(0, chosen).sort()).toEqual(
          Int32Array.from(inOrder(score, key).slice(0, chosen)).sort(),
        );
        expect(best.rows.sort()).toEqual(Int32Array.from(score.keys()));
      }),
      { numRuns: 500 },
    );
  });

  it("asks for the later keys of rows at the border only", () => {
    const rows = Int32Array.from({ length: 100 }, (_, row) => row);
    const asked: number[] = [];
    const key = (row: number): number => {
      asked.push(row);
      return row;
    };
    const best = { rows, keys: Float64Array.from(rows, (row) => Math.floor(row / 10)) };
    const ties = { keys: [key], precedes: () => expect.unreachable("no two rows are the same") };
    selectBest(best, 100, 25, ties);
    expect(asked.toSorted((a, b) => a - b)).toEqual([70, 71, 72, 73, 74, 75, 76, 77, 78, 79]);
    expect(Math.min(...best.rows.subarray(0, 25))).toBe(75);
  });
});

describe("topRows", () => {
  it("gives the best rows with a score above 0, best first", () => {
    fc.assert(
      fc.property(input, ({ score, key, rows, limit }) => {
        const wanted = inOrder(score, key).filter((row) => score[row]! > 0);
        expect(topRows(candidatesOf(rows), score, limit, tiesOf(key))).toEqual(
          wanted.slice(0, limit),
        );
      }),
      { numRuns: 500 },
    );
  });
});
