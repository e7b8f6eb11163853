import { chunkSize } from "./chunk-size.ts";

/** Half-open range of characters. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const ABBREVIATIONS: ReadonlySet<string> = new Set(
  "mr mrs ms dr prof st sr jr vs etc approx no fig al e.g i.e u.s a.m p.m inc ltd co".split(" "),
);

/**
 * End of a sentence, or of a line that stands for itself: a list item, table row or quotation. The
 * counts are bounded, for a long row of dots would be walked through again from each of them.
 */
const BOUNDARY =
  /[.!?…]{1,8}["'”’)\]]{0,4}(?=\s)|[。！？]{1,8}["'”’）」』]{0,4}|\n(?=[ \t]*(?:[-*+|>]|\d{1,3}[.)])[ \t])/g;

/**
 * Cuts a range of text into sentences that join without a gap. One longer than `maxTokens` is cut
 * at a line break, a space, or as a last resort between two characters.
 */
export function sentencesOf(text: string, range: Range, maxTokens: number): readonly Range[] {
  const part = text.slice(range.start, range.end);
  const sentences: Range[] = [];
  let start = 0;
  const close = (end: number): void => {
    if (end > start) sentences.push(...fitting(part, { start, end }, maxTokens));
    start = end;
  };
  for (const match of part.matchAll(BOUNDARY)) {
    if (!endsWithAbbreviation(part, match.index, match[0])) close(match.index + match[0].length);
  }
  close(part.length);
  return sentences.map((found) => ({
    start: found.start + range.start,
    end: found.end + range.start,
  }));
}

/** Also the number of a list item, which stands alone at the beginning of its line. */
function endsWithAbbreviation(text: string, index: number, mark: string): boolean {
  if (mark !== ".") return false;
  if (/(?:^|\n)[ \t]*\d{1,3}$/.test(text.slice(Math.max(0, index - 12), index))) return true;
  const word = /[\p{L}.]{1,12}$/u.exec(text.slice(Math.max(0, index - 12), index))?.[0];
  if (word === undefined) return false;
  return /^\p{Lu}$/u.test(word) || ABBREVIATIONS.has(word.toLowerCase());
}

function fitting(text: string, range: Range, maxTokens: number): readonly Range[] {
  // A character is two tokens at most: short sentences need no counting.
  if (range.end - range.start <= maxTokens / 2) return [range];
  const sentence = text.slice(range.start, range.end);
  const tokens = chunkSize(sentence);
  if (tokens <= maxTokens) return [range];
  const step = Math.max(2, Math.floor((sentence.length * maxTokens) / tokens));
  const pieces: Range[] = [];
  let start = range.start;
  while (range.end - start > step) {
    const end = start + cutIn(text.slice(start, start + step));
    pieces.push({ start, end });
    start = end;
  }
  pieces.push({ start, end: range.end });
  return pieces;
}

/** Where to end a piece that fills `window`: after its last line or word, never inside a pair. */
function cutIn(window: string): number {
  const line = window.lastIndexOf("\n");
  if (line > window.length / 2) return line + 1;
  const word = window.lastIndexOf(" ");
  if (word > window.length / 2) return word + 1;
  return window.isWellFormed() ? window.length : window.length - 1;
}
