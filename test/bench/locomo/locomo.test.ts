import { describe, expect, it } from "vitest";

import { CATEGORY_NAMES, findLocomo, loadLocomo } from "./dataset.ts";
import { auroc, evaluate } from "./evaluate.ts";
import { fts5Subject, indexSubject } from "./subjects.ts";

const path = findLocomo();

// The data set is CC BY-NC and not part of the project: without it there is nothing to measure.
describe.skipIf(path === undefined)("LoCoMo 1-5, turns found without a model", () => {
  it("finds more than SQLite FTS5 in every category, and enough", async () => {
    const conversations = loadLocomo(path ?? "");
    const ours = await evaluate(conversations, indexSubject());
    const theirs = await evaluate(conversations, fts5Subject);
    for (const [category, scores] of ours.byCategory) {
      const name = CATEGORY_NAMES[category];
      expect(scores.recallAt10, name).toBeGreaterThan(
        theirs.byCategory.get(category)?.recallAt10 ?? 100,
      );
    }
    expect(ours.core.recallAt10).toBeGreaterThan(81.5);
    expect(ours.core.recallInBudget).toBeGreaterThan(81.5);
    expect(ours.auroc).toBeGreaterThan(0.8);
    expect(ours.textsOverBudget).toBeLessThan(5);
  }, 120_000);
});

it("computes the area under the curve", () => {
  expect(auroc([2, 3], [1])).toBe(1);
  expect(auroc([1, 2], [1, 2])).toBe(0.5);
  expect(auroc([0], [1])).toBe(0);
});
