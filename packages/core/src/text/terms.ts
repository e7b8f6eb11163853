import { baseForm } from "./irregular-forms.ts";
import { stem } from "./porter.ts";
import { isStopWord } from "./stop-words.ts";
import { tokenize } from "./tokenize.ts";

/**
 * The terms under which a text is indexed, and by which a query looks: words without stop words, number words as digits,
 * irregular forms and suffixes stripped. In order, with repetitions. A text of stop words only keeps them, so that it
 * can be found at all; `[]` when there is no word.
 */
export function indexTerms(text: string): string[] {
  return termsOf(tokenize(text));
}

/** The terms of words that `tokenize` gave, see `indexTerms`. */
export function termsOf(words: readonly string[]): string[] {
  const telling = words.filter((word) => !isStopWord(word));
  return (telling.length > 0 ? telling : words).map(toTerm);
}

/** The term of one lower-case word, as `indexTerms` would give it. */
export function toTerm(word: string): string {
  return NUMBER_WORDS.get(word) ?? ordinal(word) ?? stem(baseForm(word));
}

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  "one two three four five six seven eight nine ten eleven twelve"
    .split(" ")
    .map((word, at) => [word, `${at + 1}`]),
);

const ordinal = (word: string): string | undefined => /^(\d{1,2})(?:st|nd|rd|th)$/.exec(word)?.[1];
