export { dateTerms, findDates, hasTimeWords, mentionTerms, sayDate } from "./dates.ts";
export type { DateMention } from "./dates.ts";
export { guessLanguage } from "./language.ts";
export type { LanguageGuess } from "./language.ts";
export { relatedTerms } from "./related-words.ts";
export { isStopWord } from "./stop-words.ts";
export { indexTerms, toTerm } from "./terms.ts";
export { estimateTokens, tokenWeight } from "./tokens.ts";
export { hanCharacters, tokenize } from "./tokenize.ts";
