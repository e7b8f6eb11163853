import { isStopWord, toTerm } from "../../../text/index.ts";

/** So many telling words make a statement. */
const TELLING_WORDS = 3;
/** Who writes so much says something. */
const LONG_CHARACTERS = 400;

/**
 * Whether a text says something by itself, so that it may answer the question before it: a name, a number, or some words
 * that are not small talk. "Please. I'm too sad to think." does not. Pure; English, in other languages most texts do.
 *
 * @param terms the text's terms, as `indexTerms` gives them
 */
export function saysSomething(text: string, terms: readonly string[]): boolean {
  if (text.length > LONG_CHARACTERS) return true;
  const telling = new Set<string>();
  for (const term of terms) {
    if (term !== "" && !SMALL_TALK.has(term) && !isStopWord(term)) telling.add(term);
    if (telling.size >= TELLING_WORDS) return true;
  }
  return holdsNumber(text) || NAME.test(text);
}

/** A capital within a sentence, "I" aside. */
const NAME = /[\p{Ll},;:'’)-] (?!I\b)\p{Lu}/u;

/** Terms of turns that keep a talk going and tell nothing. */
const SMALL_TALK: ReadonlySet<string> = new Set(
  (
    "ok okay please sure right fine good nice cool awesome amazing wonderful perfect lovely fantastic excellent " +
    "alright sorry bye hello welcome well let lets go see know think thought guess maybe perhaps sound tell say " +
    "want need like love hope wish feel look get make much lot bit today tomorrow tonight now again later soon " +
    "still always never ever only even already yet help helpful interesting exactly absolutely definitely course " +
    "true agree indeed totally glad happy sad tired exhausted done idea point continue anything something everything " +
    "nothing else thing way kind sort you ll re ve m s d t don can cant won one stuff talk next best better bad " +
    "wrong worry whatever sigh haha lol yep nope thx"
  )
    .split(" ")
    .map(toTerm),
);

/** Whether a text has a number in digits or in words. */
export function holdsNumber(text: string): boolean {
  return NUMBER.test(text);
}

const NUMBER =
  /\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|twice|once|both|single|double)\b/i;

/** Whether a text has what looks like a code: digits and capitals mixed, six digits or more, an address of mail or web. */
export function holdsCode(text: string): boolean {
  return (HAS_DIGIT.test(text) && DIGIT_CODE.test(text)) || WRITTEN_CODE.test(text);
}

const HAS_DIGIT = /\d/;
const DIGIT_CODE = /\b(?=[A-Z-]*\d)[A-Z\d-]*[A-Z][A-Z\d-]{2,}\b|\d[\d -]{4,}\d|#[\dA-F]{3}/;
const WRITTEN_CODE = /\w_\w|\w@\w|:\/\/|\w\/\w+\/\w/;
