import { describe, expect, it } from "vitest";
import { dateTerms, findDates, hasTimeWords, mentionTerms, sayDate } from "./dates.ts";

const NOW = Date.UTC(2024, 0, 17, 15);
const read = (text: string): string[] =>
  findDates(text, NOW).map(({ fromMs, toMs, precision, yearless }) =>
    [sayDate(fromMs), sayDate(toMs - 1), precision, ...(yearless ? ["yearless"] : [])].join(" | "),
  );

describe("findDates", () => {
  it.each([
    ["What happened on 8 May 2023?", ["8 May 2023 | 8 May 2023 | day"]],
    ["on May 8th, 2023", ["8 May 2023 | 8 May 2023 | day"]],
    ["since 2023-05-08", ["8 May 2023 | 8 May 2023 | day"]],
    ["on the 3rd of June", ["3 June 2024 | 3 June 2024 | day | yearless"]],
    ["in February 2022", ["1 February 2022 | 28 February 2022 | month"]],
    ["in May", ["1 May 2024 | 31 May 2024 | month | yearless"]],
    ["back in 2019", ["1 January 2019 | 31 December 2019 | year"]],
    ["yesterday", ["16 January 2024 | 16 January 2024 | day"]],
    ["two weeks ago", ["31 December 2023 | 6 January 2024 | week"]],
    ["I may march on", []],
    ["at 10:45 for 2150 euros or 31", []],
  ])("reads %j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it("takes at most a handful", () => {
    expect(findDates("2020 2021 2022 ".repeat(100), NOW)).toHaveLength(8);
  });
});

it("gives the terms of a day, and of what a question names", () => {
  expect(dateTerms(Date.UTC(2023, 4, 8))).toEqual(["@d8", "@m5", "@y2023"]);
  expect(dateTerms(undefined)).toEqual([]);
  expect(findDates("in May 2023", NOW).flatMap(mentionTerms)).toEqual(["@m5", "@y2023"]);
  expect(findDates("on 8 May", NOW).flatMap(mentionTerms)).toEqual(["@d8", "@m5"]);
});

it.each([
  ["I went there last week", true],
  ["three years ago", true],
  ["It is on Friday", true],
  ["I like tea", false],
])("knows whether %j says when", (text, expected) => {
  expect(hasTimeWords(text)).toBe(expected);
});
