/** What the tokenizer of `term_index` takes as a gap; everything else is part of a term. */
const GAPS = /[\p{Z}\p{Cc}\u180e\u{100000}-\u{10ffff}]+/u;

/**
 * Terms as the index keeps them: each begins with the key of its cube, so that cubes share no posting
 * list, whatever a text says. (The join with `memory` is what permission rests on, not this.)
 */
export function termsOf(cubeKey: number, terms: string): string {
  const start = `${cubeKey.toString(36)}_`;
  return splitTerms(terms)
    .map((term) => start + term)
    .join(" ");
}

export function classTerm(classKey: number): string {
  return `k${classKey}`;
}

/** A query that finds rows with any of the terms; `undefined` when there is none. */
export function matchOf(
  cubeKey: number,
  terms: readonly string[],
  classes: readonly number[] | undefined,
): string | undefined {
  const start = `${cubeKey.toString(36)}_`;
  const wanted = [...new Set(terms.flatMap(splitTerms))].map((term) => quoted(start + term));
  if (wanted.length === 0) return undefined;
  const anyTerm = `terms : (${wanted.join(" OR ")})`;
  if (classes === undefined) return anyTerm;
  return `class : (${classes.map(classTerm).join(" OR ")}) AND ${anyTerm}`;
}

function splitTerms(terms: string): string[] {
  return terms.split(GAPS).filter((term) => term !== "");
}

function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}
