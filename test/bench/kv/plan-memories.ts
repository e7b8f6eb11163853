import { randomOf } from "../random.ts";

/** Share of a plan's budget that its stable block may take, as in core. */
export const STABLE_SHARE = 0.3;
/** A plan looks at no more standing memories of a cube. */
const MEMORIES = 40;
const WORDS = "the of and to in a is that it was for on are as with his they at be this";

/** Texts of plain words, each another one, that have some `tokens` tokens together. */
export function wordsOf(tokens: number, count: (text: string) => number): readonly string[] {
  const words = WORDS.split(" ");
  const random = randomOf(tokens);
  const text = (length: number) =>
    Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(" ");
  const perWord = count(text(256)) / 256;
  const length = Math.max(8, Math.floor(tokens / MEMORIES / perWord));
  return Array.from({ length: Math.floor(tokens / (length * perWord)) }, () => text(length));
}
