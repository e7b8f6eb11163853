import { MONTHS } from "../../text/index.ts";

const DAY_MS = 86_400_000;

/** Later than this after now, a number was read in the wrong unit. */
const FUTURE_MS = 100 * 365 * DAY_MS;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?(?:\d{2})?)?)?$/i;
/** `1:56 pm on 8 May, 2023`: the form of LoCoMo. */
const SPOKEN = /^(\d{1,2}):(\d{2})\s*(am|pm) on (\d{1,2}) ([a-z]{3,9}),? (\d{4})$/i;
/** `Thu, 08 May 2025 10:00:00 GMT`: RFC 5322 and `Date.prototype.toUTCString`. */
const MAIL =
  /^(?:[a-z]{3},? )?(\d{1,2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2})(?::(\d{2}))? (GMT|UTC|[+-]\d{4})$/i;

/** Month of an English name or its first three or more letters, from 0; `undefined` for others. */
export function monthOf(name: string): number | undefined {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower.length < 3) return undefined;
  const month = MONTHS.findIndex((known) => known === lower || known.slice(0, 3) === lower);
  if (month >= 0) return month;
  return lower === "sept" ? 8 : undefined;
}

/**
 * Reads a time as foreign data gives it: a `Date`, a number of seconds, milliseconds, microseconds
 * or nanoseconds, or text in ISO 8601, RFC 5322 or LoCoMo's form. A text without a zone is UTC.
 *
 * @returns milliseconds since the epoch, negative before 1970; `undefined` when it is no time until a
 * hundred years after `now`. Numbers before 1970 are refused: their unit can't be told.
 */
export function parseWhen(value: unknown, now: number): number | undefined {
  const time = timeOf(value);
  if (time === undefined || !Number.isFinite(time)) return undefined;
  // JSON has no -0: what is stored must read back as it was.
  const whole = Math.floor(time) + 0;
  const known = typeof value !== "number" || whole >= 0;
  return known && whole <= now + FUTURE_MS ? whole : undefined;
}

function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number") return inMilliseconds(value);
  if (typeof value !== "string" || value.length > 64) return undefined;
  const text = value.trim();
  if (/^\d{9,19}(\.\d{1,9})?$/.test(text)) return inMilliseconds(Number(text));
  return fromIso(text) ?? fromMail(text) ?? fromSpoken(text);
}

/** Seconds reach 1e11 in the year 5138, milliseconds pass it in 1973: the units do not meet. */
function inMilliseconds(value: number): number {
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1_000 : value / 1_000_000;
}

function fromIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const ms = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const at = utc([Number(year), Number(month) - 1, Number(day)], [hour, minute, second], ms);
  return at === undefined ? undefined : at - zoneMs(zone);
}

function fromMail(text: string): number | undefined {
  const match = MAIL.exec(text);
  const month = monthOf(match?.[2] ?? "");
  if (match === null || month === undefined) return undefined;
  const [, day, , year, hour, minute, second, zone] = match;
  const at = utc([Number(year), month, Number(day)], [hour, minute, second], 0);
  return at === undefined ? undefined : at - zoneMs(zone);
}

function fromSpoken(text: string): number | undefined {
  const match = SPOKEN.exec(text);
  const month = monthOf(match?.[5] ?? "");
  if (match === null || month === undefined) return undefined;
  const [, hour, minute, half, day, , year] = match;
  if (Number(hour) < 1 || Number(hour) > 12) return undefined;
  const hour24 = (Number(hour) % 12) + (half?.toLowerCase() === "pm" ? 12 : 0);
  return utc([Number(year), month, Number(day)], [String(hour24), minute, "0"], 0);
}

/** Unlike `Date.UTC`, refuses the 31st of February and the 25th hour. */
function utc(
  [year, month, day]: readonly [number, number, number],
  clock: readonly (string | undefined)[],
  ms: number,
): number | undefined {
  const [hour = 0, minute = 0, second = 0] = clock.map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
}

function zoneMs(zone: string | undefined): number {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "");
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === "-" ? -minutes : minutes) * 60_000;
}
