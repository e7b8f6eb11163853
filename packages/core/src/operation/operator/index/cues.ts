/** "I prefer / avoid / never / can't stand": a speaker says what they like, want or do as a rule. */
export function statesPreference(text: string): boolean {
  return PREFERENCE.test(text);
}

const PREFERENCE =
  /\b(?:i(?:'m| am)? (?:really |always |usually |absolutely |also |just )*(?:prefer|love|like|enjoy|hate|dislike|avoid|never|always|usually|can't stand|cannot stand|can't eat|don't (?:like|eat|drink)|allergic|a (?:big |huge )?fan of|into)|my favou?rites?|i'd rather|i(?:'m| am) (?:vegan|vegetarian|allergic))\b/i;

/** What a question wants, read from its wording. English; other languages ask without cues. */
export interface QuestionCues {
  /** When, how long, which day. */
  readonly time: boolean;
  /** Advice is asked for: recommend, suggest, ideas for. */
  readonly advice: boolean;
  /** How many, how much, what price: a number should answer it. */
  readonly number: boolean;
  /** Serial, phone or policy number, key, password: a code should answer it. */
  readonly code: boolean;
  /** Now, currently, the latest: of several answers the last one. */
  readonly current: boolean;
  /** Used to, previously, before. */
  readonly past: boolean;
  /** Several things: which books, how many times, what both have done. */
  readonly several: boolean;
  /** Whose turns are meant: "what did I ..." the user's, "what did you recommend" the assistant's. */
  readonly role: "user" | "assistant" | undefined;
}

/** Reads a question's wording. */
export function readCues(question: string): QuestionCues {
  const told = TOLD.test(question);
  const advice = !told && ADVICE.test(question);
  const self = SELF.test(question.replaceAll(TO_ME, " "));
  return {
    time: WHEN.test(question),
    advice,
    number: NUMBER.test(question),
    code: CODE.test(question),
    current: CURRENT.test(question),
    past: PAST.test(question),
    several: SEVERAL.test(question),
    // What to advise depends on what the user said of themselves.
    role: told && !self ? "assistant" : (self || advice) && !told ? "user" : undefined,
  };
}

const SELF = /\b(?:i|my|me|mine|we|our|us)\b/i;

/** "Did you tell me": who is told is not who it is about. */
const TO_ME =
  /\b(?:give|gave|given|tell|told|show|showed|recommend(?:ed)? to|suggest(?:ed)? to|mention(?:ed)? to|advised?|remind|sent?) (?:me|us)\b/gi;

/** The assistant's own words are asked for: "you recommended", "did you say", "remind me of your list". */
const TOLD =
  /\byou (?:had |have |just |also )?(?:recommended|suggested|said|told|gave|given|mentioned|provided|proposed|listed|explained|advised|described|shared|wrote)\b|\bdid you\b|\bremind me\b|\byour (?:suggestions?|recommendations?|answer|advice|list)\b/i;

/** Advice is asked for: "can you suggest", "recommend a film", "any tips", "what should I". */
const ADVICE =
  /\b(?:can|could|would|will) you (?:please )?(?:recommend|suggest|help|give|advise)|^\s*(?:please )?(?:recommend|suggest|advise|give me)\b|\b(?:any|some|more) (?:\w+ )?(?:recommendations?|suggestions?|ideas?|tips?|advice)\b|\bshould i\b|\b(?:ideas|tips) (?:for|on)\b/i;

const WHEN =
  /^\s*(?:when|how long|(?:since|until|by) when|(?:on |in |at )?(?:what|which) (?:days?|weekdays?|dates?|months?|years?|weeks?|time))\b|how many (?:days|weeks|months|years)/i;

const NUMBER =
  /\bhow (?:many|much|old|far|tall|large|big|high|heavy|fast|long|wide|deep)\b|\b(?:what|which) (?:\w+ )?(?:time|price|percentage|amount|age|size|number|temperature)\b|\bat what\b|\b(?:price|cost|costs|salary|budget|rent|weight|height|score|rate|limit|deposit)\b/i;

const CODE =
  /\b(?:serial|phone|telephone|mobile|ticket|booking|order|policy|chip|account|licen[cs]e|passport|model|part|tracking|reservation|confirmation|customer|invoice|case|warranty|contract|membership|flight|room|reference|registration|emergency|house|plate)(?: \w+)? (?:number|code|no\b|id\b)|\b(?:number|code|id|serial|key) (?:of|for)\b|\b(?:password|passcode|pin|api key|e-?mail|iban|url|port|address|zip code|postcode|path)\b/i;

const CURRENT =
  /\b(?:now|currently|current|nowadays|these days|at the moment|at present|latest|most recent(?:ly)?|any ?more|still)\b/i;

const PAST =
  /\b(?:used to|previous(?:ly)?|former(?:ly)?|before|originally|at first|back then|earlier|in the past)\b/i;

/** "What/which ... <plural>", "how many", "both", "what/where has". */
const SEVERAL =
  /^\s*(?:in |on )?(?:what|which)\b(?:\s+(?!(?:is|was|does|has|did|do|are|were)\b)[\w'-]+){0,3}?\s+(?!(?:is|was|does|has|his|this|\w*ss|\w*us)\b)[\w-]{3,}s\b|\bhow (?:many|often)\b|\bboth\b|^\s*(?:what|where|who|which)\b.*\b(?:has|have)\b/i;
