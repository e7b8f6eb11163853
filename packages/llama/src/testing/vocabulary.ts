/** A small byte-level BPE vocabulary as GPT-2 and Qwen have it: any text can be tokenised. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  /** llama.cpp's token types: 1 normal, 3 control, 5 unused. */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  readonly endOfText: number;
  readonly endOfTurn: number;
}

const NORMAL = 1;
const CONTROL = 3;
const UNUSED = 5;

const CORPUS = `The user likes tea and lives in Paris. The favorite color of Alice is green. What is the
favorite food of Bob? Answer: the memory of the agent stores facts about people, cities, colors and
animals. You are a helpful assistant. The capital of the country is a city. Remember that the meeting is on
Monday at nine. system user assistant question answer name likes lives works color food city animal
{"type": "object", "name": "value", "true": false, "null": 0}`;

/**
 * Makes a vocabulary of the 256 bytes, some merged pieces of English, and the three control tokens of
 * ChatML.
 *
 * @param size of the vocabulary; what is not used is filled up
 */
export function makeVocabulary(mergeCount: number, size?: number): Vocabulary {
  const { pieces, merges } = learnMerges(CORPUS.repeat(2), mergeCount);
  const tokens = [...pieces];
  const types = tokens.map(() => NORMAL);
  const add = (token: string, type: number): number => tokens.push(token) && types.push(type) - 1;
  const controls = 3;
  while (size !== undefined && tokens.length < size - controls) {
    add(`<|unused_${tokens.length}|>`, UNUSED);
  }
  const endOfText = add("<|endoftext|>", CONTROL);
  add("<|im_start|>", CONTROL);
  const endOfTurn = add("<|im_end|>", CONTROL);
  // Rows of the output matrix come in blocks of 32 when they are quantised.
  while (tokens.length % 32 !== 0) add(`<|unused_${tokens.length}|>`, UNUSED);
  return { tokens, types, merges, endOfText, endOfTurn };
}

/** Bytes as printable characters, as GPT-2 writes them: the unprintable ones from U+0100 on. */
function byteCharacters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/** Byte pair encoding (Sennrich et al. 2016): merges the commonest neighbours again and again. */
function learnMerges(text: string, count: number) {
  const characters = byteCharacters();
  const frequencies = new Map<string, number>();
  for (const [word] of text.matchAll(/ ?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+|\s+/g)) {
    frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
  }
  let words = [...frequencies].map(([word, frequency]) => ({
    pieces: [...Buffer.from(word)].map((byte) => characters[byte] ?? ""),
    frequency,
  }));
  const pieces = new Set(characters);
  const merges: string[] = [];
  while (merges.length < count) {
    const pair = commonestPair(words);
    if (pair === undefined) break;
    const [left, right] = pair;
    merges.push(`${left} ${right}`);
    pieces.add(left + right);
    words = words.map((word) => ({ ...word, pieces: merge(word.pieces, left, right) }));
  }
  return { pieces: [...pieces], merges };
}

function commonestPair(
  words: readonly { readonly pieces: readonly string[]; readonly frequency: number }[],
): readonly [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { pieces, frequency } of words) {
    for (const [index, right] of pieces.entries()) {
      const left = pieces[index - 1];
      if (left === undefined) continue;
      const pair = `${left} ${right}`;
      counts.set(pair, (counts.get(pair) ?? 0) + frequency);
    }
  }
  let best: string | undefined;
  for (const [pair, count] of counts) {
    const most = best === undefined ? 1 : (counts.get(best) ?? 0);
    if (count > most || (count === most && best !== undefined && pair < best)) best = pair;
  }
  const [left, right] = best?.split(" ") ?? [];
  return left === undefined || right === undefined ? undefined : [left, right];
}

function merge(pieces: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (const piece of pieces) {
    if (piece === right && merged.at(-1) === left) merged[merged.length - 1] = left + right;
    else merged.push(piece);
  }
  return merged;
}
