import {
  type DateMention,
  findDates,
  indexTerms,
  isStopWord,
  mentionTerms,
  relatedTerms,
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
}

export interface QueryPlan {
  readonly slots: readonly QuerySlot[];
  /** Speakers named, by number. */
  readonly named: readonly number[];
  readonly dates: readonly DateMention[];
  readonly cues: QuestionCues;
}

/** More words than a question has; of a long message the first ones are taken, to bound the work per row. */
export const MAX_QUERY_SLOTS = 32;
/** Characters read of a query: a pasted document is not a question, and its first page says what it is about. */
const MAX_QUERY_CHARACTERS = 4_000;

/** Reads a query: what words, names, dates and cues it has. `termOf` and `isVisible` know
 * the visible rows only: words and names of others are unknown ones. */
export function planQuery(
  text: string,
  now: number,
  termOf: (word: string) => number,
  speakers: SpeakerNames,
  isVisible: (speaker: number) => boolean,
  relatedWeight: number,
): QueryPlan {
  const question = text.slice(0, MAX_QUERY_CHARACTERS);
  const names = new Map<string, number[]>();
  for (const word of new Set(tokenize(question))) {
    if (isStopWord(word)) continue;
    const of = speakers.named(word, question).filter(isVisible);
    if (of.length > 0) names.set(toTerm(word), of);
  }
  const words = [...new Set(indexTerms(question))];
  const onlyNames = words.every((word) => names.has(word));
  const dates = findDates(question, now);
  const extra = (list: readonly string[], weight: number): QuerySlot[] =>
    [...new Set(list)].map((term) => ({ term: termOf(term), name: false, weight, place: -1 }));
  const own = words.map((word, place) => ({
    term: termOf(word),
    name: names.has(word) && !onlyNames,
    weight: 1,
    place,
  }));
  const related = words.flatMap(relatedTerms).filter((term) => !words.includes(term));
  const slots = [
    ...own,
    ...extra(dates.flatMap(mentionTerms), 1),
    ...extra(related, relatedWeight),
  ];
  return {
    // A word that no row has says something only where it is the query's own: it was asked for and is not there.
    slots: slots.filter(({ term, weight }) => term > 0 || weight === 1).slice(0, MAX_QUERY_SLOTS),
    named: [...new Set([...names.values()].flat())],
    dates,
    cues: readCues(question),
  };
}
