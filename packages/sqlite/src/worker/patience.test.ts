import { expect, test } from "vitest";

import { withPatience } from "./patience.ts";

const busy = (): Error => Object.assign(new Error("database is locked"), { errcode: 5 });

test("tries again while it is busy, and serves others meanwhile", () => {
  let tries = 0;
  let served = 0;
  const result = withPatience(
    1_000,
    () => {
      tries += 1;
      if (tries < 4) throw busy();
      return "done";
    },
    () => {
      served += 1;
    },
  );
  expect({ result, tries, served }).toEqual({ result: "done", tries: 4, served: 3 });
});

test("gives up in time, with the error it met", () => {
  const start = performance.now();
  expect(() =>
    withPatience(30, () => {
      throw busy();
    }),
  ).toThrow("database is locked");
  const waited = performance.now() - start;
  expect(waited).toBeGreaterThanOrEqual(30);
  expect(waited).toBeLessThan(1_000);
});

test("another error is not waited out", () => {
  let tries = 0;
  const broken = (): never => {
    tries += 1;
    throw new Error("broken");
  };
  expect(() => withPatience(1_000, broken)).toThrow("broken");
  expect(tries).toBe(1);
});
