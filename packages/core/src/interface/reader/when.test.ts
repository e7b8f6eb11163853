import { describe, expect, it } from "vitest";

import { monthOf, parseWhen } from "./when.ts";

const NOW = Date.UTC(2026, 0, 1);
const MAY_8 = Date.UTC(2025, 4, 8, 13, 56);

describe("parseWhen", () => {
  it.each([
    ["a Date", new Date(MAY_8)],
    ["seconds", MAY_8 / 1_000],
    ["fractional seconds", MAY_8 / 1_000 + 0.0004],
    ["milliseconds", MAY_8],
    ["microseconds", MAY_8 * 1_000],
    ["nanoseconds", MAY_8 * 1_000_000],
    ["digits as text", String(MAY_8)],
    ["ISO with Z", "2025-05-08T13:56:00Z"],
    ["ISO with an offset", "2025-05-08T15:56:00+02:00"],
    ["ISO with a short offset", "2025-05-08T10:56-03"],
    ["ISO without a zone is UTC", "2025-05-08T13:56:00"],
    ["SQL", "2025-05-08 13:56:00.000000"],
    ["mail", "Thu, 08 May 2025 13:56:00 GMT"],
    ["mail with an offset", "8 May 2025 14:56 +0100"],
    ["LoCoMo", "1:56 pm on 8 May, 2025"],
  ])("reads %s", (_, value) => {
    expect(parseWhen(value, NOW)).toBe(MAY_8);
  });

  it("reads midnight and noon of the twelve-hour clock", () => {
    expect(parseWhen("12:09 am on 13 September, 2025", NOW)).toBe(Date.UTC(2025, 8, 13, 0, 9));
    expect(parseWhen("12:09 pm on 13 Sept, 2025", NOW)).toBe(Date.UTC(2025, 8, 13, 12, 9));
  });

  it("reads dates before 1970: people are born there", () => {
    expect(parseWhen("1932-05-01", NOW)).toBe(Date.UTC(1932, 4, 1));
    expect(parseWhen(new Date("1932-05-01"), NOW)).toBe(Date.UTC(1932, 4, 1));
  });

  it("reads a date without a clock as its midnight", () => {
    expect(parseWhen("2025-05-08", NOW)).toBe(Date.UTC(2025, 4, 8));
  });

  it.each([
    ["no day of the month", "2025-02-30"],
    ["no month", "2025-13-01"],
    ["no hour", "2025-05-08T25:00:00Z"],
    ["the thirteenth hour of twelve", "13:00 pm on 8 May, 2025"],
    ["a negative number", -86_400],
    ["more than a century ahead", "2200-01-01"],
    ["prose", "last Tuesday"],
    ["not a number", Number.NaN],
    ["an invalid Date", new Date(Number.NaN)],
    ["an object", {}],
    ["a long text", "2025-05-08".padEnd(100_000, " ")],
    ["nothing", undefined],
  ])("refuses %s", (_, value) => {
    expect(parseWhen(value, NOW)).toBeUndefined();
  });
});

describe("monthOf", () => {
  it("knows names and their beginnings, and no other words", () => {
    expect(["january", "Feb", "SEPT.", "Dec."].map(monthOf)).toEqual([0, 1, 8, 11]);
    expect(["ma", "mayor", "marching", ""].map(monthOf)).toEqual(Array(4).fill(undefined));
  });
});

describe("zero", () => {
  it("is never negative, which JSON could not keep", () => {
    expect(Object.is(parseWhen(-0, 1e12), 0)).toBe(true);
    expect(Object.is(parseWhen(new Date(-0), 1e12), 0)).toBe(true);
  });
});
