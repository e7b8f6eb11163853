import {
  type DateMention,
  findDates,
  isStopWord,
  mentionTerms,
  relatedTerms,
  termsOf,
  tokenize,
  toTerm,
} from "../../../text/index.ts";
import { readCues, type QuestionCues } from "./cues.ts";
import type { SpeakerNames } from "./speaker-names.ts";

/** One thing a query looks for. */
export interface QuerySlot {
  /** The term's number; 0 when no visible row has it. */
  readonly term: number;
  /** The name of a speaker: who says it matters more than who is spoken to. */
  readonly name: boolean;
  /** What a match counts: 1 for the query's own words, less for words related to them. */
  readonly weight: number;
  /** Place in the query's word order; -1 for dates and related words. */
  readonly place: number;
  /** Place of the word that a related word stands for; -1 for others. */
  readonly standsFor: number;
}

export interface QueryPlan {
  readonly slots: readonly QuerySlot[];
  /** Speakers named, by number. */
  readonly named: readonly number[];
  readonly dates: readonly DateMention[];
  readonly cues: QuestionCues;
}

/** Slots of a query, related words included: bounds the work per row. */
const MAX_QUERY_SLOTS = 32;
/** Own words of a query, more than a question has; of a long message the rarest are taken. */
const MAX_OWN_WORDS = 24;
/** Characters read from each end of a query: what is pasted between is material, the question stands before or after. */
const MAX_END_CHARACTERS = 2_000;

/** What a plan needs to know of the visible rows, and of no others: their words and names are unknown ones. */
export interface Vocabulary {
  /** The number of a term; 0 when no visible row has it. */
  readonly termOf: (word: string) => number;
  /** In how many visible rows a term is, as far as it matters to tell rare from common. */
  readonly frequencyOf: (term: number) => number;
  readonly speakers: SpeakerNames;
  readonly isVisible: (speaker: number) => boolean;
}

/** Reads a query: what words, names, dates and cues it has. */
export function planQuery(
  text: string,
  now: number,
  vocabulary: Vocabulary,
  relatedWeight: number,
): QueryPlan {
  const { termOf } = vocabulary;
  const question = excerpt(text);
  const names = new Map<string, number[]>();
  const said = tokenize(question);
  for (const word of new Set(said)) {
    if (isStopWord(word)) continue;
    const of = vocabulary.speakers.named(word, question).filter(vocabulary.isVisible);
    if (of.length > 0) names.set(toTerm(word), of);
  }
  const words = [...new Set(termsOf(withoutFrame(question, said)))];
  const onlyNames = words.every((word) => names.has(word));
  const dates = findDates(question, now);
  const added = { name: false, place: -1, standsFor: -1 };
  const own = keepTelling(
    words.map((word, place) => ({
      word,
      term: termOf(word),
      name: names.has(word) && !onlyNames,
      weight: 1,
      place,
      standsFor: -1,
    })),
    vocabulary,
  );
  const related = new Map<string, number>();
  for (const { word, place } of relatedWeight > 0 ? own : [])
    for (const term of relatedTerms(word))
      if (!words.includes(term) && !related.has(term)) related.set(term, place);
  const slots: QuerySlot[] = [
    ...own,
    ...[...new Set(dates.flatMap(mentionTerms))].map((word) => ({
      ...added,
      term: termOf(word),
      weight: 1,
    })),
    ...[...related].map(([word, standsFor]) => ({
      ...added,
      term: termOf(word),
      weight: relatedWeight,
      standsFor,
    })),
  ];
  return {
    // A word that no row has says something only where it is the query's own: it was asked for and is not there.
    slots: slots.filter(({ term, weight }) => term > 0 || weight === 1).slice(0, MAX_QUERY_SLOTS),
    named: [...new Set([...names.values()].flat())],
    dates,
    cues: readCues(question),
  };
}

/** Words that make a question of a statement and are not looked for: "how much", "did you say". */
const FRAME =
  /(?<=\bhow )(?:much|many|long|often|far|old)\b|\b(?:did you|you) (?:say|said|tell(?: me)?|told(?: me)?|mention(?:ed)?)\b/gi;

/** The words of the question without its frame; all that were said where nothing else is in it. */
function withoutFrame(question: string, said: readonly string[]): readonly string[] {
  const rest = question.replaceAll(FRAME, " ");
  if (rest === question) return said;
  const words = tokenize(rest);
  return words.every(isStopWord) ? said : words;
}

const excerpt = (text: string): string =>
  text.length <= 2 * MAX_END_CHARACTERS
    ? text
    : `${text.slice(0, MAX_END_CHARACTERS)}\n${text.slice(-MAX_END_CHARACTERS)}`;

/** Of a long message the words that tell rows apart: names, then the rarest that occur. In the message's order. */
function keepTelling<S extends QuerySlot>(
  slots: readonly S[],
  { frequencyOf }: Vocabulary,
): readonly S[] {
  if (slots.length <= MAX_OWN_WORDS) return slots;
  const rank = ({ term, name }: S): number =>
    name ? 0 : term === 0 ? Infinity : frequencyOf(term);
  return slots
    .map((slot) => ({ slot, rank: rank(slot) }))
    .toSorted((one, other) => one.rank - other.rank || one.slot.place - other.slot.place)
    .slice(0, MAX_OWN_WORDS)
    .map(({ slot }) => slot)
    .toSorted((one, other) => one.place - other.place);
}
