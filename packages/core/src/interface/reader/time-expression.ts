import { monthOf } from "./when.ts";

/** Half-open range of time, milliseconds since the epoch; an end left out is open. */
export interface TimeRange {
  readonly from?: number;
  readonly to?: number;
}

type Whole = Required<TimeRange>;

const DAY_MS = 86_400_000;
/** Times of one form in one query: `between March and May` has two. */
const MAX_TIMES = 4;
/** Stands where a time was, so that no rule sees it or the words around it as one. */
const BLANK = "\0";
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const YEAR = "((?:19|20)\\d{2})";
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
const COUNT =
  "(\\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a couple of|a few|few|couple of)";
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const SEASONS: Readonly<Record<string, number>> = {
  spring: 2,
  summer: 5,
  autumn: 8,
  fall: 8,
  winter: 11,
};
const WORD_COUNTS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  few: 3,
  couple: 2,
};

interface Rule {
  readonly pattern: RegExp;
  /** @param groups the pattern's groups in lower case, without the whole match */
  readonly range: (groups: readonly string[], now: number) => Whole | undefined;
}

const rule = (pattern: string, range: Rule["range"]): Rule => ({
  pattern: new RegExp(`\\b${pattern}\\b`, "i"),
  range,
});

/** Tried in this order; what one has matched is not seen by the next. */
const RULES: readonly Rule[] = [
  rule("(\\d{4})-(\\d{2})-(\\d{2})", ([y, m, d]) => dayOf(Number(y), Number(m) - 1, Number(d))),
  rule(`${DAY} (?:of )?${MONTH},? ${YEAR}`, ([d, m, y]) => named(m, Number(d), Number(y))),
  rule(`${MONTH} ${DAY},? ${YEAR}`, ([m, d, y]) => named(m, Number(d), Number(y))),
  rule(`${MONTH},? ${YEAR}`, ([m, y]) => named(m, undefined, Number(y))),
  rule(`${DAY} (?:of )?${MONTH}`, ([d, m], now) => latest(m, Number(d), now)),
  rule(`${MONTH} ${DAY}`, ([m, d], now) => latest(m, Number(d), now)),
  rule(
    `(?<=\\b(?:in|during|since|before|after|until|last|early|late|mid|of)[ -])${MONTH}`,
    ([m], now) => latest(m, undefined, now),
  ),
  // After these words `may` and `march` are verbs unless they have a capital.
  {
    pattern:
      /(?<=\b(?:from|to|and|between|this|by) )(January|February|March|April|May|June|July|August|September|October|November|December)\b/,
    range: ([m], now) => latest(m, undefined, now),
  },
  rule(
    `(?:(?:in|of|during) )?(?:the )?(spring|summer|autumn|fall|winter) (?:of )?${YEAR}`,
    ([s = "", y]) => seasonOf(s, Number(y)),
  ),
  rule("(last|this|in the) (spring|summer|autumn|fall|winter)", ([which, s = ""], now) =>
    latestSeason(s, which === "last", now),
  ),
  rule(
    `(?<=\\b(?:in|during|since|before|after|until|from|to|and|between|year|of) )${YEAR}`,
    ([y]) => monthsFrom(Number(y), 0, 12),
  ),
  rule("day before yesterday", (_, now) => daysFrom(now, -2, 1)),
  rule("yesterday|last night", (_, now) => daysFrom(now, -1, 1)),
  rule("today|tonight|this (?:morning|afternoon|evening)", (_, now) => daysFrom(now, 0, 1)),
  rule("tomorrow", (_, now) => daysFrom(now, 1, 1)),
  rule("(last|this|next|past) weekend", ([which], now) =>
    daysFrom(now, -weekday(now) + 5 + 7 * step(which), 2),
  ),
  rule("(?:the )?(?:last|past) (?:24 hours|day)", (_, now) => ({ from: now - DAY_MS, to: now })),
  rule(`(?:the )?(?:last|past|previous) ${COUNT} (day|week|month|year)s?`, ([n, unit], now) => ({
    from: back(now, countOf(n), unit),
    to: now,
  })),
  rule(`${COUNT} (day|week|month|year)s? ago`, ([n, unit], now) =>
    around(back(now, countOf(n), unit), unit),
  ),
  rule("(?:the )?past (week|month|year)", ([unit], now) => ({ from: back(now, 1, unit), to: now })),
  rule("(last|this|next) week", ([which], now) =>
    daysFrom(now, -weekday(now) + 7 * step(which), 7),
  ),
  rule("(last|this|next) month", ([which], now) => calendar(now, step(which), 1)),
  rule("(last|this|next) year", ([which], now) =>
    monthsFrom(new Date(now).getUTCFullYear() + step(which), 0, 12),
  ),
  rule(`(?:(last|this|next|on) )(${WEEKDAYS.join("|")})`, ([which, name = ""], now) =>
    weekdayOf(name, which, now),
  ),
];

/** Cuts off what lies before or after the time that follows. */
const BOUNDS: readonly {
  readonly pattern: RegExp;
  readonly apply: (range: Whole) => TimeRange;
}[] = [
  { pattern: /\bsince (?:the )?$/i, apply: ({ from }) => ({ from }) },
  { pattern: /\bafter (?:the )?$/i, apply: ({ to }) => ({ from: to }) },
  { pattern: /\bbefore (?:the )?$/i, apply: ({ from }) => ({ to: from }) },
  { pattern: /\b(?:until|till|by) (?:the )?$/i, apply: ({ to }) => ({ to }) },
];

/**
 * The time a text speaks of, from English expressions: dates, months, years, seasons, weekdays,
 * and words relative to `now`. A date without a year is its latest occurrence. Weeks begin on
 * Monday, seasons are those of the northern half, days are those of UTC.
 *
 * @param now milliseconds since the epoch
 * @returns one range that covers all times found; `undefined` when there is none
 */
export function readTime(text: string, now: number): TimeRange | undefined {
  let rest = text;
  const found: TimeRange[] = [];
  for (const { pattern, range } of RULES) {
    for (let times = 0; times < MAX_TIMES; times += 1) {
      const match = pattern.exec(rest);
      if (match === null) break;
      const groups = match.slice(1).map((group) => (group ?? "").toLowerCase());
      const whole = range(groups, now);
      const before = rest.slice(0, match.index);
      const after = rest.slice(match.index + match[0].length);
      rest = before + BLANK.repeat(match[0].length) + after;
      if (whole === undefined) continue;
      const bound = BOUNDS.find((known) => known.pattern.test(before));
      found.push(bound === undefined ? whole : bound.apply(whole));
    }
  }
  if (found.length === 0) return undefined;
  const from = found.flatMap((range) => range.from ?? []);
  const to = found.flatMap((range) => range.to ?? []);
  return {
    ...(from.length > 0 && { from: Math.min(...from) }),
    ...(to.length > 0 && { to: Math.max(...to) }),
  };
}

function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

function daysFrom(now: number, offset: number, count: number): Whole {
  const from = startOfDay(now) + offset * DAY_MS;
  return { from, to: from + count * DAY_MS };
}

function monthsFrom(year: number, month: number, count: number): Whole {
  return { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + count, 1) };
}

function calendar(now: number, offset: number, count: number): Whole {
  const date = new Date(now);
  return monthsFrom(date.getUTCFullYear(), date.getUTCMonth() + offset, count);
}

function dayOf(year: number, month: number, day: number): Whole | undefined {
  const from = Date.UTC(year, month, day);
  const date = new Date(from);
  return date.getUTCMonth() === month && date.getUTCDate() === day
    ? { from, to: from + DAY_MS }
    : undefined;
}

function named(month = "", day: number | undefined, year: number): Whole | undefined {
  const index = monthOf(month);
  if (index === undefined) return undefined;
  return day === undefined ? monthsFrom(year, index, 1) : dayOf(year, index, day);
}

/** The latest such month or day that has begun. */
function latest(
  month: string | undefined,
  day: number | undefined,
  now: number,
): Whole | undefined {
  const year = new Date(now).getUTCFullYear();
  const range = named(month, day, year);
  return range !== undefined && range.from > now ? named(month, day, year - 1) : range;
}

function seasonOf(season: string, year: number): Whole {
  return monthsFrom(year, SEASONS[season] ?? 0, 3);
}

/** The latest such season that has begun, or with `over` that has ended. */
function latestSeason(season: string, over: boolean, now: number): Whole {
  let year = new Date(now).getUTCFullYear();
  const edge = over ? "to" : "from";
  while (seasonOf(season, year)[edge] > now) year -= 1;
  return seasonOf(season, year);
}

/** Days since Monday. */
function weekday(now: number): number {
  return (new Date(now).getUTCDay() + 6) % 7;
}

function step(which: string | undefined): number {
  if (which === "next") return 1;
  return which === "this" ? 0 : -1;
}

/** `on Monday` is the latest one up to today, `last` before today, `next` after it. */
function weekdayOf(name: string, which: string | undefined, now: number): Whole {
  const ahead = (WEEKDAYS.indexOf(name) - new Date(now).getUTCDay() + 7) % 7;
  if (which === "next") return daysFrom(now, ahead === 0 ? 7 : ahead, 1);
  if (which === "this") return daysFrom(now, ahead, 1);
  return daysFrom(now, ahead === 0 && which === "on" ? 0 : ahead - 7, 1);
}

function countOf(word = ""): number {
  const last = word.replace(/ of$/, "").split(" ").at(-1) ?? "";
  return WORD_COUNTS[last] ?? (/^an?$/.test(last) ? 1 : Number(last));
}

function back(now: number, count: number, unit: string | undefined): number {
  if (unit === "day") return now - count * DAY_MS;
  if (unit === "week") return now - 7 * count * DAY_MS;
  const date = new Date(now);
  const months = unit === "year" ? 12 * count : count;
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1);
  const monthDays =
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months + 1, 1) - first) / DAY_MS;
  return first + (Math.min(date.getUTCDate(), monthDays) - 1) * DAY_MS + (now - startOfDay(now));
}

/** `3 weeks ago` is not exact: a day is that day, a week three days around it, a month its month. */
function around(at: number, unit: string | undefined): Whole {
  if (unit === "day") return daysFrom(at, 0, 1);
  if (unit === "week") return daysFrom(at, -3, 7);
  return unit === "month" ? calendar(at, 0, 1) : monthsFrom(new Date(at).getUTCFullYear(), 0, 12);
}
