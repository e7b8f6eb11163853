import { randomOf } from "./random.ts";

/** One memory of the corpus. */
export interface CorpusMemory {
  readonly text: string;
  /** "u0" to "u99", in turn. */
  readonly userId: string;
}

/** Memories of the corpus that every subject is loaded with. */
export const CORPUS_SIZE = 10_000;
/** Elements of an embedding. */
export const DIMENSIONS = 384;
/** Memories asked for by a query. */
export const LIMIT = 10;
/** Users the memories are divided among. */
export const USERS = 100;

const words = (text: string): readonly string[] => text.split(" ");
const NAMES = words(
  "Alice Bob Carol Dave Erin Frank Grace Heidi Ivan Judy Ken Laura Mallory Niaj Olivia Peggy " +
    "Quinn Rupert Sybil Trent Uma Victor Walter Xena Yuri Zoe",
);
const VERBS = words(
  "likes dislikes visited ordered repaired sold painted studied cooked planned cancelled " +
    "reviewed rented borrowed",
);
const ADJECTIVES = words(
  "red old cheap noisy vintage portable broken expensive quiet bright heavy wooden electric tiny",
);
const OBJECTS = words(
  "coffee laptop bicycle violin garden novel passport dataset telescope sofa jacket camera recipe " +
    "tent drone piano kayak router notebook lamp",
);
const CITIES = words(
  "Paris Oslo Lima Kyoto Cairo Austin Turin Quito Sydney Dublin Hanoi Porto Seoul Bergen Malaga",
);

/** The same memories in the same order each time; no two have the same text. */
export function makeCorpus(size = CORPUS_SIZE): CorpusMemory[] {
  const pick = pickerOf(42);
  return Array.from({ length: size }, (_, index) => ({
    text:
      `${pick(NAMES)} ${pick(VERBS)} a ${pick(ADJECTIVES)} ${pick(OBJECTS)} in ${pick(CITIES)} ` +
      `with ${pick(NAMES)} on day ${index}`,
    userId: `u${index % USERS}`,
  }));
}

/** The same questions each time. */
export function makeQueries(count: number): string[] {
  const pick = pickerOf(7);
  return Array.from(
    { length: count },
    () =>
      `what did ${pick(NAMES)} do with the ${pick(ADJECTIVES)} ${pick(OBJECTS)} in ${pick(CITIES)}?`,
  );
}

/** Embeds without a model: a signed hashed bag of words of unit length, f32[DIMENSIONS]. */
export function embed(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/[a-z0-9]+/g) ?? []) {
    const hash = fnv1a(word);
    vector[hash % DIMENSIONS]! += hash & 0x8000_0000 ? 1 : -1;
    vector[(hash >>> 9) % DIMENSIONS]! += hash & 0x4000_0000 ? 0.5 : -0.5;
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  const norm = Math.sqrt(squares) || 1;
  return vector.map((value) => value / norm);
}

/**
 * Share of the found texts that belong among the best `limit` of the corpus by cosine, ties
 * included: 1 = exact.
 * @param found the texts a subject gave for `query`
 */
export function recallOf(
  corpus: readonly CorpusMemory[],
  query: string,
  found: readonly string[],
  limit = LIMIT,
): number {
  const target = embed(query);
  const scores = new Map(corpus.map(({ text }) => [text, dot(embed(text), target)]));
  const worst = [...scores.values()].toSorted((a, b) => b - a)[limit - 1] ?? -1;
  const right = new Set(found.filter((text) => (scores.get(text) ?? -1) >= worst - 1e-6));
  return right.size / Math.min(limit, corpus.length);
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}

function pickerOf(seed: number): (list: readonly string[]) => string {
  const random = randomOf(seed);
  return (list) => list[Math.floor(random() * list.length)]!;
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return hash >>> 0;
}
