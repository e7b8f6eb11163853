import { parseArgs } from "node:util";

import type { OptionTable, RawValues } from "./command.ts";
import { usageError } from "./failure.ts";
import { suggest } from "./suggest.ts";

/** What a command line says. */
export interface ParsedArguments {
  readonly values: RawValues;
  readonly positionals: readonly string[];
}

/**
 * Parses arguments after an option table, strictly, with suggestions for mistyped options.
 *
 * @param hint said below every error, such as where help is
 * @throws Failure with exit code 2
 */
export function parseArguments(
  args: readonly string[],
  options: OptionTable,
  hint: string,
): ParsedArguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: { ...options },
    // Checked below: here the messages can say more.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option") check(token, options, hint);
  }
  return { values, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function check(token: OptionToken, options: OptionTable, hint: string): void {
  const { name, rawName, value, inlineValue } = token;
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const close = suggest(name, Object.keys(options));
    const guess = close === undefined ? "" : ` Did you mean --${close}?`;
    throw usageError(`Unknown option ${rawName}.${guess}`, hint);
  }
  if (option.type === "boolean") {
    if (value !== undefined) throw usageError(`${rawName} takes no value.`, hint);
    return;
  }
  const what = option.value ?? "a value";
  if (value === undefined || value === "") throw usageError(`${rawName} needs ${what}.`, hint);
  if (inlineValue === false && /^-./.test(value)) {
    throw usageError(
      `${rawName} needs ${what}, not ${value}; write ${rawName}=${value} if it is meant.`,
      hint,
    );
  }
}

/**
 * A whole number out of an option's value.
 *
 * @throws Failure with exit code 2
 */
export function wholeNumber(
  value: string | undefined,
  name: string,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  const upTo = range.max === Number.MAX_SAFE_INTEGER ? "" : ` to ${range.max}`;
  throw usageError(`${name} is a whole number from ${range.min}${upTo}, not ${value}.`);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * A moment out of an option's value: a date or time (`2024-05-01`, `2024-05-01T12:00Z`; UTC without
 * a zone for a date) or how long ago (`90s`, `15m`, `2h`, `7d`, `3w`).
 *
 * @returns milliseconds since the epoch
 * @throws Failure with exit code 2
 */
export function moment(value: string | undefined, name: string, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ago = /^(\d{1,9})([smhdw])$/.exec(value);
  if (ago !== null) return Math.max(0, now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0));
  const parsed = /^\d{4}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(parsed) && parsed >= 0) return parsed;
  throw usageError(`${name} is a date such as 2024-05-01 or a time ago such as 2h, not ${value}.`);
}

/** @throws Failure with exit code 2 when `value` is none of the choices */
export function oneOf<const Choice extends string>(
  value: string | undefined,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const close = suggest(value, choices);
  const guess = close === undefined ? "" : ` Did you mean ${close}?`;
  throw usageError(`${name} is one of ${choices.join(", ")}, not ${value}.${guess}`);
}
