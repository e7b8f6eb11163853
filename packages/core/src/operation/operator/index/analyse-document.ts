import { dateTerms, hanCharacters, hasTimeWords, indexTerms } from "../../../text/index.ts";
import type { IndexDocument } from "./document.ts";
import { FLAG } from "./row-table.ts";
import { statesPreference } from "./cues.ts";
import { holdsCode, holdsNumber, saysSomething } from "./substance.ts";

/** What the index keeps of a document's words. */
export interface AnalysedDocument {
  /** The row's terms in order; "" stands between parts that are not one running text. */
  readonly terms: readonly string[];
  readonly flags: number;
}

/**
 * Longest row, in terms: a memory is a turn, a fact or a chunk; what is longer is cut here, and its tail is not found,
 * so that one pasted book does not take the index's memory.
 */
export const MAX_ROW_TERMS = 8_192;

/** The terms and cues under which a document is found. Pure. */
export function analyseDocument(document: IndexDocument): AnalysedDocument {
  const { text, title = "", caption = "" } = document;
  const running = [text, title, caption].flatMap((part) =>
    part === "" ? [] : [...indexTerms(part), ""],
  );
  const known = new Set(running);
  const labels = [...document.entities, ...document.tags]
    .flatMap(indexTerms)
    .concat([text, title, caption].flatMap(hanCharacters))
    .filter((term) => !known.has(term));
  const terms = [...running.slice(0, MAX_ROW_TERMS), ...new Set(labels), ...dateTerms(document.at)];
  return { terms, flags: flagsOf(document, running) };
}

function flagsOf({ text, type }: IndexDocument, running: readonly string[]): number {
  return (
    (/\?\s*$/.test(text) ? FLAG.question : 0) |
    (hasTimeWords(text) ? FLAG.time : 0) |
    (type === "preference" || statesPreference(text) ? FLAG.preference : 0) |
    (saysSomething(text, running) ? FLAG.content : 0) |
    (holdsNumber(text) ? FLAG.number : 0) |
    (holdsCode(text) ? FLAG.code : 0)
  );
}
