import { resolve } from "node:path";
import { expect, test } from "vitest";

import { parseOptions } from "./options.ts";

test("defaults: power, a folder of blobs beside the file, five seconds of patience", () => {
  expect(parseOptions({ path: "some/memory.db" })).toMatchObject({
    path: resolve("some/memory.db"),
    durability: "power",
    blobDirectory: resolve("some/memory.db.blobs"),
    busyTimeoutMs: 5_000,
  });
});

test("a database in RAM has its blobs in RAM", () => {
  expect(parseOptions({ path: ":memory:" })).toMatchObject({
    path: ":memory:",
    blobDirectory: undefined,
  });
});

test("wrong options are a TypeError that names them", () => {
  const wrong = { path: "x", durability: "sometimes" } as never;
  expect(() => parseOptions(wrong)).toThrow(TypeError);
  expect(() => parseOptions(wrong)).toThrow(/durability/);
  expect(() => parseOptions({ path: "x", sync: true } as never)).toThrow(/sync/);
  expect(() => parseOptions({ path: "" })).toThrow(/path/);
});
