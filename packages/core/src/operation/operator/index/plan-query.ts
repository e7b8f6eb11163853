import { findDates, indexTerms, isStopWord, mentionTerms, tokenize, toTerm, type DateMention } from "../../../text/index.ts";
import { readCues, type QuestionCues } from "./cues.ts";
import type { SpeakerNames } from "./speaker-names.ts";
import type { TermTable } from "./term-table.ts";

/** One thing a query looks for. */
export interface QuerySlot {
  /** The term's number; 0 when no row has it. */
  readonly term: number;
  /** The name of a speaker: who says it matters more than who is spoken to. */
  readonly name: boolean;
  /** Place in the query's word order; -1 for date terms. */
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

/** Reads a query: what words, names, dates and cues it has. `speakers` are those the caller may see rows of. */
export function planQuery(
  text: string,
  now: number,
  terms: TermTable,
  speakers: SpeakerNames,
  isVisible: (speaker: number) => boolean,
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
  const slots = words.map((word, place) => ({
    term: terms.find(word),
    name: names.has(word) && !onlyNames,
    place,
  }));
  const dateSlots = [...new Set(dates.flatMap(mentionTerms))].map((term) => ({
    term: terms.find(term),
    name: false,
    place: -1,
  }));
  return {
    slots: [...slots, ...dateSlots].slice(0, MAX_QUERY_SLOTS),
    named: [...new Set([...names.values()].flat())],
    dates,
    cues: readCues(question),
  };
}
