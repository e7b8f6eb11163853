import { MONTHS } from "./months.ts";

/** A span of time that a text names: [fromMs, toMs), UTC. `yearless` when it recurs ("in May", "on 8 May"). */
export interface DateMention {
  readonly fromMs: number;
  readonly toMs: number;
  readonly yearless: boolean;
  /** "day", "week", "month" or "year": how exactly it was named. */
  readonly precision: "day" | "week" | "month" | "year";
}

const DAY_MS = 86_400_000;
const MONTH = `(${MONTHS.join("|")}|${MONTHS.map((name) => name.slice(0, 3)).join("|")}|sept)\\.?`;
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
const YEAR = "((?:19|20)\\d\\d)";

/** The words of a date as it is said: `[8, "may", 2023]` for 8 May 2023 UTC, as index terms. `[]` for no finite time. */
export function dateTerms(atMs: number | undefined): string[] {
  if (atMs === undefined || !Number.isFinite(atMs)) return [];
  const date = new Date(atMs);
  return [`@d${date.getUTCDate()}`, `@m${date.getUTCMonth() + 1}`, `@y${date.getUTCFullYear()}`];
}

/** A date in words: "8 May 2023" (UTC). */
export function sayDate(atMs: number): string {
  const date = new Date(atMs);
  const month = MONTHS[date.getUTCMonth()] ?? "";
  return `${date.getUTCDate()} ${month.slice(0, 1).toUpperCase()}${month.slice(1)} ${date.getUTCFullYear()}`;
}

const day = (year: number, month: number, date: number): number => Date.UTC(year, month, date);

function monthNumber(name: string): number {
  return MONTHS.findIndex((month) => month.startsWith(name.slice(0, 3)));
}

function exactDay(year: number, month: number, date: number, yearless: boolean): DateMention {
  const fromMs = day(year, month, date);
  return { fromMs, toMs: fromMs + DAY_MS, yearless, precision: "day" };
}

type Reading = (match: RegExpExecArray, nowMs: number) => DateMention;
const yearOf = (nowMs: number): number => new Date(nowMs).getUTCFullYear();
const startOfDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;

function dayInMonth(
  date: string,
  month: string,
  year: string | undefined,
  nowMs: number,
): DateMention {
  return exactDay(
    Number(year ?? yearOf(nowMs)),
    monthNumber(month),
    Number(date),
    year === undefined,
  );
}

function wholeMonth(month: string, year: string | undefined, nowMs: number): DateMention {
  const y = Number(year ?? yearOf(nowMs));
  const m = monthNumber(month);
  return {
    fromMs: day(y, m, 1),
    toMs: day(y, m + 1, 1),
    yearless: year === undefined,
    precision: "month",
  };
}

function ago(amount: number, unit: string, nowMs: number): DateMention {
  const spanDays = { day: 1, week: 7, month: 30, year: 365 }[unit] ?? 1;
  const centreMs = startOfDay(nowMs) - amount * spanDays * DAY_MS;
  // "two weeks ago" is said loosely: half a unit each way, a day at least exact.
  const slackMs = unit === "day" ? 0 : Math.floor(spanDays / 2) * DAY_MS;
  const precision = unit === "day" || unit === "week" || unit === "month" ? unit : "year";
  return {
    fromMs: centreMs - slackMs,
    toMs: centreMs + slackMs + DAY_MS,
    yearless: false,
    precision,
  };
}

const amountOf = (word: string): number => {
  const words = [
    "a",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
  ];
  const at = words.indexOf(word === "an" ? "a" : word);
  return at < 0 ? Number(word) : Math.max(1, at);
};

/** Tried in order; each reading takes its words away, so "8 May 2023" is not read again as "May 2023". */
const READINGS: readonly (readonly [RegExp, Reading])[] = [
  [
    /\b((?:19|20)\d\d)-(\d{2})-(\d{2})\b/g,
    (m) => exactDay(Number(m[1]), Number(m[2]) - 1, Number(m[3]), false),
  ],
  [
    new RegExp(`\\b${DAY}(?: of)? ${MONTH},? ?${YEAR}?\\b`, "g"),
    (m, now) => dayInMonth(m[1] ?? "", m[2] ?? "", m[3], now),
  ],
  [
    new RegExp(`\\b${MONTH} ${DAY}\\b(?:,? ${YEAR}\\b)?`, "g"),
    (m, now) => dayInMonth(m[2] ?? "", m[1] ?? "", m[3], now),
  ],
  [
    new RegExp(`\\b${MONTH},? (?:of )?${YEAR}\\b`, "g"),
    (m, now) => wholeMonth(m[1] ?? "", m[2], now),
  ],
  [
    /\b(?:in|of|during|since|until|last|this|by|early|mid|late)[ -](may|march)\b/g,
    (m, now) => wholeMonth(m[1] ?? "", undefined, now),
  ],
  [
    new RegExp(
      `\\b(${MONTHS.filter((name) => name !== "may" && name !== "march").join("|")})\\b`,
      "g",
    ),
    (m, now) => wholeMonth(m[1] ?? "", undefined, now),
  ],
  [
    /\b(a|an|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,3}) (day|week|month|year)s? ago\b/g,
    (m, now) => ago(amountOf(m[1] ?? ""), m[2] ?? "", now),
  ],
  [/\byesterday\b/g, (_, now) => ago(1, "day", now)],
  [/\btoday\b/g, (_, now) => ago(0, "day", now)],
  [/\blast (week|month|year)\b/g, (m, now) => ago(1, m[1] ?? "", now)],
  [
    new RegExp(`\\b${YEAR}\\b`, "g"),
    (m) => ({
      fromMs: day(Number(m[1]), 0, 1),
      toMs: day(Number(m[1]) + 1, 0, 1),
      yearless: false,
      precision: "year",
    }),
  ],
];

/** What every reading has somewhere: most questions name no date, and are not read eleven times. */
const ANY_DATE = new RegExp(
  `(?:19|20)\\d\\d|ago|yesterday|today|last|${MONTHS.map((name) => name.slice(0, 3)).join("|")}`,
);

/** More dates than a question names; a pasted log must not cost more. */
const MAX_MENTIONS = 8;

/**
 * The dates and relative times a text names, in English: "8 May 2023", "May 8", "in May", "2023-05-08", "two weeks
 * ago", "yesterday", "last month", "2022". Relative ones are counted from `nowMs`. `[]` when there are none.
 */
export function findDates(text: string, nowMs: number): DateMention[] {
  let rest = text.toLowerCase();
  if (!ANY_DATE.test(rest)) return [];
  const found: DateMention[] = [];
  for (const [pattern, read] of READINGS) {
    for (const match of rest.matchAll(pattern)) {
      const mention = read(match, nowMs);
      if (Number.isFinite(mention.fromMs) && found.length < MAX_MENTIONS) found.push(mention);
    }
    rest = rest.replace(pattern, " ");
  }
  return found;
}

/** The date terms (see `dateTerms`) that a text's own dates ask for. */
export function mentionTerms(mention: DateMention): string[] {
  const date = new Date(mention.fromMs);
  const terms: string[] = [];
  if (mention.precision === "day") terms.push(`@d${date.getUTCDate()}`);
  if (mention.precision === "day" || mention.precision === "month")
    terms.push(`@m${date.getUTCMonth() + 1}`);
  if (!mention.yearless && mention.precision !== "week") terms.push(`@y${date.getUTCFullYear()}`);
  return terms;
}

/** Whether a text says when something is or was ("yesterday", "last week", "in 2021", "for three years"). */
export function hasTimeWords(text: string): boolean {
  return TIME_WORDS.test(text);
}

const TIME_WORDS = new RegExp(
  "\\b(?:yesterday|today|tonight|tomorrow|ago|recently|since|weekend|\\d{4}|" +
    "(?:last|next|this) (?:night|morning|week|weekend|month|year|past|spring|summer|fall|autumn|winter)|" +
    "(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|few|couple|\\d+)(?: of)? (?:day|week|month|year)s?|" +
    `(?:${MONTHS.filter((name) => name !== "may").join("|")})|` +
    "(?:mon|tues|wednes|thurs|fri|satur|sun)days?|" +
    "\\d{1,2}:\\d{2}|\\d{1,2} ?(?:am|pm)|half past|o['’]clock|noon|midnight)\\b",
  "i",
);
