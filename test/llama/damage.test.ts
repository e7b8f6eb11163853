import { expect, test } from "vitest";

import { runDamage } from "../bench/kv/damage.ts";
import { measureExactness } from "../bench/kv/exactness.ts";

// `pnpm bench kv --case damage` and `--case damaged-files` do 2,000, `--case exactness` 200.

test("no damage to what is stored ends a process, hangs it or changes an answer", async () => {
  const cases = 70;
  const { crashes, hangs, wrong, kinds, outcomes } = await runDamage(cases, 7);
  expect({ crashes, hangs, wrong }).toEqual({ crashes: [], hangs: [], wrong: [] });
  expect([...kinds.values()].reduce((sum, count) => sum + count, 0)).toBe(cases);
  // They are not all the same: states were restored, refused and not found.
  for (const outcome of ["page-damaged", "link-damaged", "nothing-stored"]) {
    expect(outcomes.get(outcome), outcome).toBeGreaterThan(0);
  }
}, 300_000);

test("no damaged file from outside ends a process or raises what its reader does not promise", async () => {
  const { crashes, hangs, wrong, outcomes } = await runDamage(160, 5, "files");
  expect({ crashes, hangs, wrong }).toEqual({ crashes: [], hangs: [], wrong: [] });
  expect(outcomes.get("refused")).toBeGreaterThan(80);
  expect(outcomes.get("loaded")).toBeGreaterThan(0);
}, 300_000);

test("greedy answers are the same with and without memory, in processes side by side", async () => {
  const found = await measureExactness(12, 3);
  expect(found.different).toBe(0);
  expect(found.distinct).toBeGreaterThan(6);
  expect(found.restoredCases).toBeGreaterThan(6);
  expect(found.restoredShare).toBeGreaterThan(0.5);
}, 300_000);
