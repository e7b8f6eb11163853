/**
 * About how many tokens a language model makes of a text, without a tokenizer: the text is cut as OpenAI's o200k does
 * before its merges, and each piece costs what pieces of its kind and length cost on average there. On English prose
 * within some 3 % and rather above than below; other scripts and code within some 15 %. Never below 1 for text that is
 * not empty.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(tokenWeight(text) - ROUNDING);
}

/** The estimate before rounding, for adding up the parts of a text. */
export function tokenWeight(text: string): number {
  let sum = 0;
  for (const [piece] of text.matchAll(PIECE)) sum += pieceCost(piece);
  return sum;
}

/** What sums of decimal fractions are off by. */
const ROUNDING = 1e-6;

/** The pre-tokenizer of o200k_base: words with the sign or space before, digits by three, signs, white space. */
const PIECE =
  /[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(?:['’](?:s|t|re|ve|m|ll|d)\b)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/giu;

const ASCII_WORD = /^(.?)([A-Za-z]+)((?:['’][A-Za-z]+)?)$/;

function pieceCost(piece: string): number {
  const [, before = "", word, contraction] = ASCII_WORD.exec(piece) ?? [];
  if (word !== undefined)
    return wordCost(word) + joinCost(before, word) + (contraction === "" ? 0 : 0.08);
  if (/^\s*\p{N}/u.test(piece) || /^\s+$/.test(piece)) return 1;
  if (/\p{L}/u.test(piece)) return foreignCost(piece);
  return signCost(piece.trim());
}

/** Tokens are learnt with the space before a word; after a sign, or a name at a line's start, the word is cut. */
function joinCost(before: string, word: string): number {
  if (before === " " || word.length < 4) return 0;
  if (before !== "") return 0.45;
  return /^[A-Z][a-z]/.test(word) && word.length > 5 ? 0.6 : 0.1;
}

/** English words by length: nearly every common one is a token of its own; names and long words are cut. */
function wordCost(word: string): number {
  const size = word.length;
  if (/^[A-Z]{2,}$/.test(word)) return 1 + 0.22 * (size - 2);
  const humps = word.match(/[a-z](?=[A-Z])/g)?.length ?? 0;
  if (humps > 0) return humps + 1.1;
  if (/^[A-Z]/.test(word)) return size < 5 ? 1.03 : size < 7 ? 1.12 : 1.25 + 0.05 * (size - 7);
  if (size < 6) return 1.01;
  if (size < 9) return 1.04;
  if (size < 12) return 1.1;
  return size < 16 ? 1.2 + 0.08 * (size - 12) : size / 6;
}

/** Characters per token of scripts other than plain ASCII letters. */
const SCRIPT_COSTS: readonly (readonly [RegExp, number, number])[] = [
  [/\p{sc=Han}/gu, 0.72, 0],
  [/[\p{sc=Hiragana}\p{sc=Katakana}\u30fc]/gu, 0.74, 0],
  [/\p{sc=Hangul}/gu, 0.68, 0.2],
  [/\p{sc=Cyrillic}/gu, 0.2, 0.4],
  [/\p{sc=Latin}/gu, 0.22, 0.2],
  [
    /[^\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Cyrillic}\p{sc=Latin}\s\u30fc]/gu,
    0.4,
    0.4,
  ],
];

function foreignCost(piece: string): number {
  let sum = 0;
  for (const [script, perCharacter, fixed] of SCRIPT_COSTS) {
    const characters = piece.match(script)?.length ?? 0;
    if (characters > 0) sum += fixed + perCharacter * characters;
  }
  return Math.max(1, sum);
}

/** Runs of signs: usual pairs are one token; pictures (emoji) take two to three each. */
function signCost(signs: string): number {
  const pictures = signs.match(/\p{Extended_Pictographic}/gu)?.length ?? 0;
  const rest = Array.from(signs).length - pictures;
  return Math.max(1, pictures * 1.8 + 1.05 * Math.ceil(rest / 3));
}
