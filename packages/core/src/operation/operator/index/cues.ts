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
  /** How many, how much. */
  readonly count: boolean;
  /** Recommend, suggest, ideas for. */
  readonly advice: boolean;
  /** Used to, previously, before. */
  readonly past: boolean;
  /** Several things: which books, how many times, what both have done. */
  readonly several: boolean;
  /** Whose turns are meant: "what did I ..." the user's, "what did you recommend" the assistant's. */
  readonly role: "user" | "assistant" | undefined;
}

export function readCues(question: string): QuestionCues {
  const self = /\b(?:i|my|me|mine|we|our|us)\b/i.test(question);
  const you =
    /\byou (?:recommend|suggest|said|say|told|tell|gave|give|mention|provid|propos|list|explain|advise|describe)|\bdid you\b|\bremind me\b|\byour (?:suggestion|recommendation|answer|advice|list)/i.test(
      question,
    );
  return {
    time: /^\s*(?:when|how long|since when|(?:on |in )?(?:what|which) (?:day|date|month|year|week))\b|how many (?:days|weeks|months|years)/i.test(
      question,
    ),
    count: /\bhow (?:many|much|often)\b/i.test(question),
    advice:
      /\b(?:recommend|suggest|advice|ideas?|tips?|what should i|should i|could you help me (?:choose|pick|plan))\b/i.test(
        question,
      ),
    past: /\b(?:used to|previous(?:ly)?|former(?:ly)?|before|originally|at first|back then|earlier|in the past)\b/i.test(
      question,
    ),
    several: SEVERAL.test(question),
    role: you && !self ? "assistant" : self && !you ? "user" : undefined,
  };
}

/** "What/which ... <plural>", "how many", "both", "what/where has". */
const SEVERAL =
  /^\s*(?:in |on )?(?:what|which)\b(?:\s+(?!(?:is|was|does|has|did|do|are|were)\b)[\w'-]+){0,3}?\s+(?!(?:is|was|does|has|his|this|\w*ss|\w*us)\b)[\w-]{3,}s\b|\bhow (?:many|often)\b|\bboth\b|^\s*(?:what|where|who|which)\b.*\b(?:has|have)\b/i;
