/**
 * Cuts text into lower-case words: Unicode NFKC, English possessives dropped, accents of Latin letters folded
 * ("Café's" -> "cafe"), digit groups joined ("10,000" -> "10000"). Scripts written without spaces (Chinese, Japanese,
 * Korean, Thai ...) become overlapping pairs of characters, which finds words without a dictionary; a run of one
 * character is that character. In order of appearance; `[]` for text without letters or digits.
 */
export function tokenize(text: string): string[] {
  const plain = ASCII_ONLY.test(text) ? text : text.normalize("NFKC");
  const lower = plain.toLowerCase().replace(POSSESSIVE, "").replace(DIGIT_GROUP, "$1$2");
  const words: string[] = [];
  for (const [run] of lower.matchAll(WORD)) {
    if (ASCII_ONLY.test(run)) words.push(run);
    else pushForeign(run, words);
  }
  return words;
}

/**
 * The different Chinese characters of a text, each by itself: what a query of a single one ("茶") looks for, which
 * `tokenize` hides in pairs. `[]` for text without any.
 */
export function hanCharacters(text: string): string[] {
  return ASCII_ONLY.test(text) ? [] : [...new Set(text.normalize("NFKC").match(HAN))];
}

const HAN = /\p{sc=Han}/gu;

// eslint-disable-next-line no-control-regex -- the ASCII range, on purpose
const ASCII_ONLY = /^[\x00-\x7f]*$/;
const POSSESSIVE = /['’]s\b/g;
const DIGIT_GROUP = /(?<=\d),(\d{3})(?!\d)()/g;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts that put no space between words; U+30FC is the Japanese long-vowel mark, of no script of its own. */
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u30fc]+/gu;

function pushForeign(run: string, words: string[]): void {
  let last = 0;
  for (const match of run.matchAll(UNSPACED)) {
    if (match.index > last) words.push(foldAccents(run.slice(last, match.index)));
    pushPairs(Array.from(match[0]), words);
    last = match.index + match[0].length;
  }
  if (last < run.length) words.push(foldAccents(run.slice(last)));
}

function pushPairs(characters: readonly string[], words: string[]): void {
  if (characters.length === 1) words.push(characters[0] ?? "");
  for (let at = 0; at + 1 < characters.length; at++) {
    words.push(`${characters[at]}${characters[at + 1]}`);
  }
}

function foldAccents(word: string): string {
  return /\p{sc=Latin}/u.test(word) ? word.normalize("NFD").replace(/\p{Mn}/gu, "") : word;
}
