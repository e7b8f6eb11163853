/**
 * Porter's suffix stripper (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980), written from the
 * published description. Words of other alphabets, with digits, or shorter than three letters come back unchanged.
 */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  const known = memo.get(word);
  if (known !== undefined) return known;
  const stemmed = [dropPlural, dropPast, yToI, longSuffix, shortSuffix, residue, tidy].reduce(
    (rest, step) => step(rest),
    word,
  );
  if (memo.size >= MEMO_LIMIT) memo.clear();
  memo.set(word, stemmed);
  return stemmed;
}

/** A language's everyday vocabulary fits; past it the memo starts again, so foreign text can't grow it without end. */
const MEMO_LIMIT = 20_000;
const memo = new Map<string, string>();

const isVowel = (word: string, at: number): boolean => {
  const letter = word[at] ?? "";
  if ("aeiou".includes(letter)) return true;
  return letter === "y" && at > 0 && !isVowel(word, at - 1);
};

/** The paper's m: how many vowel-consonant sequences [C](VC)^m[V] the word has. */
const measure = (word: string): number => {
  let count = 0;
  let previous = false;
  for (let at = 0; at < word.length; at++) {
    const vowel = isVowel(word, at);
    if (previous && !vowel) count++;
    previous = vowel;
  }
  return count;
};

const hasVowel = (word: string): boolean => {
  for (let at = 0; at < word.length; at++) if (isVowel(word, at)) return true;
  return false;
};

const endsDouble = (word: string): boolean =>
  word.length > 1 && word.at(-1) === word.at(-2) && !isVowel(word, word.length - 1);

/** The paper's *o: consonant, vowel, consonant that is not w, x or y (hop, but not snow). */
const endsShort = (word: string): boolean => {
  const last = word.length - 1;
  return (
    last >= 2 &&
    !isVowel(word, last) &&
    isVowel(word, last - 1) &&
    !isVowel(word, last - 2) &&
    !/[wxy]$/.test(word)
  );
};

const cut = (word: string, suffix: string): string => word.slice(0, word.length - suffix.length);

const dropPlural = (word: string): string => {
  if (word.endsWith("sses") || word.endsWith("ies")) return word.slice(0, -2);
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
};

const dropPast = (word: string): string => {
  if (word.endsWith("eed")) return measure(cut(word, "eed")) > 0 ? word.slice(0, -1) : word;
  const suffix = ["ed", "ing"].find((end) => word.endsWith(end));
  if (suffix === undefined || !hasVowel(cut(word, suffix))) return word;
  const rest = cut(word, suffix);
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (endsDouble(rest) && !/[lsz]$/.test(rest)) return rest.slice(0, -1);
  return measure(rest) === 1 && endsShort(rest) ? `${rest}e` : rest;
};

const yToI = (word: string): string =>
  word.endsWith("y") && hasVowel(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word;

type Rule = readonly [suffix: string, replacement: string];

/** Steps 2 and 3 in one table each; the longest suffix that matches decides, whether or not its condition holds. */
const STEP_2: readonly Rule[] = [
  ["ational", "ate"],
  ["ization", "ize"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["tional", "tion"],
  ["biliti", "ble"],
  ["entli", "ent"],
  ["ousli", "ous"],
  ["ation", "ate"],
  ["alism", "al"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["alli", "al"],
  ["ator", "ate"],
  ["logi", "log"],
  ["bli", "ble"],
  ["eli", "e"],
];
const STEP_3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];
const STEP_4: readonly string[] = [
  "ement",
  "ance",
  "ence",
  "able",
  "ible",
  "ment",
  "ant",
  "ent",
  "ion",
  "ism",
  "ate",
  "iti",
  "ous",
  "ive",
  "ize",
  "al",
  "er",
  "ic",
  "ou",
];

const replaceBy = (rules: readonly Rule[], word: string): string => {
  const rule = rules.find(([suffix]) => word.endsWith(suffix) && word.length > suffix.length);
  if (rule === undefined) return word;
  const rest = cut(word, rule[0]);
  return measure(rest) > 0 ? rest + rule[1] : word;
};

const longSuffix = (word: string): string => replaceBy(STEP_2, word);
const shortSuffix = (word: string): string => replaceBy(STEP_3, word);

const residue = (word: string): string => {
  const suffix = STEP_4.find((end) => word.endsWith(end) && word.length > end.length);
  if (suffix === undefined) return word;
  const rest = cut(word, suffix);
  if (measure(rest) <= 1) return word;
  return suffix === "ion" && !/[st]$/.test(rest) ? word : rest;
};

const tidy = (word: string): string => {
  let rest = word;
  if (rest.endsWith("e")) {
    const shorter = rest.slice(0, -1);
    const m = measure(shorter);
    if (m > 1 || (m === 1 && !endsShort(shorter))) rest = shorter;
  }
  return rest.endsWith("ll") && measure(rest.slice(0, -1)) > 1 ? rest.slice(0, -1) : rest;
};
