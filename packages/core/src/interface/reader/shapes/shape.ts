import type { Outcome } from "../outcome.ts";
import type { Reading } from "../reading.ts";

/** One form of input the reader knows. */
export interface Shape<Input = unknown> {
  /** Reported as the result's `format`. */
  readonly name: string;
  /** Whether `value` is meant to have this form; it may still turn out to be malformed. */
  readonly matches: (value: unknown) => value is Input;
  readonly read: (value: Input, position: string, reading: Reading) => Iterable<Outcome>;
}

/** A shape in a table: what it matched is what it reads. */
export interface AnyShape {
  readonly name: string;
  /** The outcomes of `value`; `undefined` when it has another form. */
  readonly try: (
    value: unknown,
    position: string,
    reading: Reading,
  ) => Iterable<Outcome> | undefined;
}

/** Prepares a shape for a table of shapes with different inputs. */
export function inTable<Input>(shape: Shape<Input>): AnyShape {
  return {
    name: shape.name,
    try: (value, position, reading) =>
      shape.matches(value) ? shape.read(value, position, reading) : undefined,
  };
}
