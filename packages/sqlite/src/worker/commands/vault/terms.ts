import { classTerm } from "../../term-index.ts";

/** What the tokenizer of `term_index` takes as a gap; everything else is part of a term. */
const GAPS = /[\p{Z}\p{Cc}\u180e\u{100000}-\u{10ffff}]+/u;

/**
 * Terms as the index keeps them: each begins with the key of its cube, so that cubes share no posting
 * list, whatever a text says. (Permission rests on the join with `memory`, not on this.)
 */
export function termsOf(cubeKey: number, terms: string): string {
  return listTerms(cubeKey, terms).join(" ");
}

export function listTerms(cubeKey: number, terms: string): string[] {
  const start = `${cubeKey.toString(36)}_`;
  const list = terms.split(GAPS).filter((term) => term !== "");
  return list.map((term) => start + term);
}

/** A query for rows with any of the terms, within the classes where some are given. */
export function matchOf(terms: readonly string[], classes: readonly number[] | undefined): string {
  const anyTerm = `terms : (${terms.map(quoted).join(" OR ")})`;
  if (classes === undefined) return anyTerm;
  return `class : (${classes.map(classTerm).join(" OR ")}) AND ${anyTerm}`;
}

function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}
