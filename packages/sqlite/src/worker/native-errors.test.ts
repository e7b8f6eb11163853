import { expect, test } from "vitest";

import { failureOf } from "./native-errors.ts";
import { Refusal } from "./refusal.ts";

const native = (errcode: number): Error => Object.assign(new Error("native words"), { errcode });
const codeOf = (errcode: number): string => failureOf(native(errcode), "/m.db").code;

test("native codes, extended ones included, become codes of memcube", () => {
  expect(codeOf(5)).toBe("MEMCUBE_BUSY");
  expect(codeOf(517)).toBe("MEMCUBE_BUSY"); // SQLITE_BUSY_SNAPSHOT
  expect(codeOf(8)).toBe("MEMCUBE_STORAGE_READ_ONLY");
  expect(codeOf(1_544)).toBe("MEMCUBE_STORAGE_READ_ONLY"); // SQLITE_READONLY_DIRECTORY
  expect(codeOf(11)).toBe("MEMCUBE_STORAGE_DAMAGED");
  expect(codeOf(267)).toBe("MEMCUBE_STORAGE_DAMAGED"); // SQLITE_CORRUPT_VTAB
  expect(codeOf(26)).toBe("MEMCUBE_STORAGE_DAMAGED");
  expect(codeOf(13)).toBe("MEMCUBE_STORAGE_FULL");
  expect(codeOf(10)).toBe("MEMCUBE_STORAGE_FAILED");
});

test("the path and the native words come along", () => {
  const failure = failureOf(native(26), "/m.db");
  expect(failure.details).toEqual({ path: "/m.db", sqlite: 26 });
  expect(failure.cause).toContain("native words");
});

test("a refusal passes as it is; anything else is a failure of the storage", () => {
  const refusal = new Refusal("MEMCUBE_CONFLICT", "no", { id: "m" });
  expect(failureOf(refusal, "/m.db")).toEqual({
    code: "MEMCUBE_CONFLICT",
    message: "no",
    details: { id: "m" },
  });
  expect(failureOf(new TypeError("oops"), "/m.db").code).toBe("MEMCUBE_STORAGE_FAILED");
  expect(failureOf(undefined, "/m.db").code).toBe("MEMCUBE_STORAGE_FAILED");
});
