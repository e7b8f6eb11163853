import { elementOf } from "./position.ts";
import { type Outcome, reject, skip } from "./outcome.ts";
import { READER_LIMITS } from "./reader-limits.ts";

/**
 * Runs the reader of one piece. Foreign objects may have getters and proxies that throw: what was
 * read until then is kept and the piece is reported as `unreadable`.
 */
export function* guarded(position: string, read: () => Iterable<Outcome>): Generator<Outcome> {
  try {
    yield* read();
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    yield reject(position, "unreadable", `reading the value failed: ${name}`);
  }
}

/** Reads the elements of a list one by one; one that fails does not touch its neighbours. */
export function* readEach(
  list: readonly unknown[],
  position: string,
  read: (element: unknown, position: string) => Iterable<Outcome>,
): Generator<Outcome> {
  const count = Math.min(list.length, READER_LIMITS.outcomes);
  for (let index = 0; index < count; index += 1) {
    const where = elementOf(position, index);
    yield* guarded(where, () => read(list[index], where));
  }
  if (list.length > count) yield reject(elementOf(position, count), "too-many");
}

/** {@link readEach} over the lines of a text; a line's position is `line 7`, counted from 1. */
export function* readLines(
  text: string,
  read: (line: string, position: string) => Iterable<Outcome>,
): Generator<Outcome> {
  let start = 0;
  for (let number = 1; start < text.length; number += 1) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end === -1 ? undefined : end).trim();
    start = end === -1 ? text.length : end + 1;
    const where = `line ${number}`;
    if (number > READER_LIMITS.outcomes) {
      yield reject(where, "too-many");
      return;
    }
    if (line === "") yield skip(where, "blank");
    else yield* guarded(where, () => read(line, where));
  }
}
