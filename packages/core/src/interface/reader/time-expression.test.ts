import { describe, expect, it } from "vitest";

import { readTime } from "./time-expression.ts";

/** A Wednesday afternoon. */
const NOW = Date.UTC(2025, 5, 18, 15, 30);

function shown(text: string): string | undefined {
  const range = readTime(text, NOW);
  if (range === undefined) return undefined;
  const day = (at: number | undefined): string =>
    at === undefined ? "" : new Date(at).toISOString().replace("T00:00:00.000Z", "").slice(0, 16);
  return `${day(range.from)}..${day(range.to)}`;
}

describe("readTime", () => {
  it.each([
    ["on 2025-05-08", "2025-05-08..2025-05-09"],
    ["on 8 May 2024", "2024-05-08..2024-05-09"],
    ["on the 8th of May, 2024", "2024-05-08..2024-05-09"],
    ["on May 8th, 2024", "2024-05-08..2024-05-09"],
    ["in May 2023", "2023-05-01..2023-06-01"],
    ["in December", "2024-12-01..2025-01-01"],
    ["in may", "2025-05-01..2025-06-01"],
    ["on June 20th", "2024-06-20..2024-06-21"],
    ["in 2024", "2024-01-01..2025-01-01"],
    ["last summer", "2024-06-01..2024-09-01"],
    ["this spring", "2025-03-01..2025-06-01"],
    ["winter of 2023", "2023-12-01..2024-03-01"],
    ["today", "2025-06-18..2025-06-19"],
    ["last night", "2025-06-17..2025-06-18"],
    ["the day before yesterday", "2025-06-16..2025-06-17"],
    ["last week", "2025-06-09..2025-06-16"],
    ["this week", "2025-06-16..2025-06-23"],
    ["last weekend", "2025-06-14..2025-06-16"],
    ["last month", "2025-05-01..2025-06-01"],
    ["next year", "2026-01-01..2027-01-01"],
    ["the past week", "2025-06-11T15:30..2025-06-18T15:30"],
    ["the last 3 days", "2025-06-15T15:30..2025-06-18T15:30"],
    ["two days ago", "2025-06-16..2025-06-17"],
    ["a couple of weeks ago", "2025-06-01..2025-06-08"],
    ["six months ago", "2024-12-01..2025-01-01"],
    ["a year ago", "2024-01-01..2025-01-01"],
    ["last Wednesday", "2025-06-11..2025-06-12"],
    ["on Wednesday", "2025-06-18..2025-06-19"],
    ["next Monday", "2025-06-23..2025-06-24"],
    ["since March", "2025-03-01.."],
    ["before 8 May 2025", "..2025-05-08"],
    ["after last week", "2025-06-16.."],
    ["until yesterday", "..2025-06-18"],
    ["between March and May", "2025-03-01..2025-06-01"],
    ["from 2022 to 2024", "2022-01-01..2025-01-01"],
  ])("reads %s", (text, range) => {
    expect(shown(`What happened ${text}?`)).toBe(range);
  });

  it.each([
    "When is it?",
    "this may help",
    "They march on",
    "I have 2 dogs",
    "31 June 2025",
    "room 2020",
  ])("sees no time in: %s", (text) => {
    expect(shown(text)).toBeUndefined();
  });

  it("counts months back to a day that exists", () => {
    const march31 = Date.UTC(2025, 2, 31);
    expect(readTime("the last 1 month", march31)?.from).toBe(Date.UTC(2025, 1, 28));
  });
});
