import { cleanText, firstChars } from "./clean-text.ts";
import { READER_LIMITS } from "./reader-limits.ts";
import { readTime, type TimeRange } from "./time-expression.ts";

/** What kind of answer a query wants. */
export type MemoryIntent = "recall" | "temporal" | "count" | "preference" | "procedure";

/**
 * A query, read: what MemReader hands on to retrieval (MemOS 2507.03724 section 5.3). All but
 * `query` are hints found by rules: they may raise a memory, never exclude one.
 */
export interface MemoryCall {
  readonly query: string;
  readonly intent: MemoryIntent;
  /** The time the query speaks of, half-open. */
  readonly time?: TimeRange;
  /** Names, in order, without repetition. */
  readonly entities: readonly string[];
  /** What must be matched to the letter: quoted phrases, codes, addresses, tags. */
  readonly anchors: readonly string[];
}

/** The first that matches says what is wanted; recall when none does. */
const INTENTS: readonly { readonly intent: MemoryIntent; readonly pattern: RegExp }[] = [
  { intent: "count", pattern: /\bhow (?:many|often|frequently)\b|\b(?:number|count) of\b/i },
  {
    intent: "temporal",
    pattern:
      /\bwhen\b|\bhow (?:long|recently)\b|\b(?:what|which|on what) (?:date|day|month|year|time)\b|\bsince when\b/i,
  },
  { intent: "procedure", pattern: /\bhow (?:do|can|should|would|to)\b|\bsteps? (?:to|for)\b/i },
  {
    intent: "preference",
    pattern:
      /\bfavou?rites?\b|\bprefer(?:s|red|ence|ences)?\b|\b(?:like|likes|love|loves|hate|hates|enjoy|enjoys|dislike|dislikes)\b|\brecommend\b|\bsuggest\b|\ballerg(?:y|ic|ies)\b/i,
  },
];

/** Words that begin a sentence with a capital and are no name. */
const STARTERS: ReadonlySet<string> = new Set(
  (
    "a about an and any are as at based been being but by can compare could describe did do does " +
    "during ever explain find for from give had has have he her his how i i'd i'll i'm i've if in " +
    "into is it its let list me might my name no not of on or our please recommend remind she " +
    "should show since so suggest summarise summarize tell that the their then there these they " +
    "this those to was we were what what's when where where's which while who who's whom whose why " +
    "will with would yes you your"
  ).split(" "),
);
const CALENDAR =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day$|^(?:january|february|march|april|may|june|july|august|september|october|november|december)$/i;

const NAME =
  /\p{Lu}[\p{L}\p{N}’'-]*(?:[ ](?:(?:of|de|da|van|von|der|la|le|the)[ ])?\p{Lu}[\p{L}\p{N}’'-]*)*/gu;
const QUOTED = /"([^"\n]{2,200})"|“([^”\n]{2,200})”|«([^»\n]{2,200})»/gu;
const ADDRESS = /^https?:\/\/.{3}|^[^@]+@[^@]+\.[^@]+$|^[#@][\p{L}_]/u;
const CODE = /(?=.*\p{L})(?=.*\p{N})/u;
const ORDINAL = /^\d+(?:st|nd|rd|th|am|pm|s|k|km|kg|h)$/i;

/**
 * Reads a query by rules, without a model. Pure. English words; other languages give names,
 * quotations and codes only.
 *
 * @param text the query; what lies behind its first 4,096 characters is not read for hints
 * @param options.now milliseconds since the epoch, what `last week` is relative to
 */
export function readMemoryCall(text: string, options: { readonly now: number }): MemoryCall {
  if (typeof text !== "string") throw new TypeError("a query is text");
  const query = cleanText(text);
  const read = firstChars(query, READER_LIMITS.queryChars);
  const time = readTime(read, options.now);
  return {
    query,
    intent: INTENTS.find(({ pattern }) => pattern.test(read))?.intent ?? "recall",
    ...(time !== undefined && { time }),
    entities: distinct(namesIn(read.replace(QUOTED, " "))),
    anchors: distinct(anchorsIn(read)),
  };
}

function* namesIn(text: string): Generator<string> {
  for (const [found] of text.matchAll(NAME)) {
    const words = found.split(" ");
    const plain = (word: string): string => word.toLowerCase().replaceAll("’", "'");
    while (words[0] !== undefined && STARTERS.has(plain(words[0]))) words.shift();
    const name = words.join(" ").replace(/['’]s?$/u, "");
    if (name !== "" && !CALENDAR.test(name)) yield name;
  }
}

function* anchorsIn(text: string): Generator<string> {
  for (const [, straight, curly, angle] of text.matchAll(QUOTED)) {
    yield (straight ?? curly ?? angle ?? "").trim();
  }
  for (const word of text.replace(QUOTED, " ").split(/\s+/u)) {
    const literal = word.replace(/^[([{<]+|[)\]}>.,;:!?'’]+$/gu, "").replace(/['’]s$/u, "");
    if (literal.length < 2 || literal.length > 200 || ORDINAL.test(literal)) continue;
    if (ADDRESS.test(literal) || CODE.test(literal)) yield literal;
  }
}

function distinct(found: Iterable<string>): readonly string[] {
  const seen = new Set<string>();
  for (const hint of found) {
    if (seen.size >= READER_LIMITS.queryHints) break;
    if (hint !== "") seen.add(hint);
  }
  return [...seen];
}
