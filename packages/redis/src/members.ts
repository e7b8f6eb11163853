/**
 * A member of a sorted set that is ordered by it, made of several parts: in the order of the first
 * part, then of the second, by bytes of UTF-8. Parts may hold any character.
 */
export function memberOf(...parts: readonly string[]): string {
  return parts.map(escapePart).join("\0");
}

// eslint-disable-next-line no-control-regex -- it is about these
const CONTROL = /[\0\u0001]/u;

/** The part without \0, in the same order: \0 ends a part and so comes before all else. */
export function escapePart(part: string): string {
  if (!CONTROL.test(part)) return part;
  // eslint-disable-next-line no-control-regex -- it is about these
  return part.replace(/[\0\u0001]/gu, (character) =>
    character === "\0" ? "\u0001\u0001" : "\u0001\u0002",
  );
}

/** The part again. */
export function unescapePart(part: string): string {
  // eslint-disable-next-line no-control-regex -- it is about these
  return part.replace(/\u0001[\u0001\u0002]/gu, (escaped) =>
    escaped === "\u0001\u0001" ? "\0" : "\u0001",
  );
}
