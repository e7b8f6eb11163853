/** What `guessLanguage` can tell apart; "und" (undetermined, BCP 47) for everything else. */
export type LanguageGuess =
  | "en"
  | "de"
  | "fr"
  | "es"
  | "it"
  | "pt"
  | "nl"
  | "zh"
  | "ja"
  | "ko"
  | "ru"
  | "ar"
  | "und";

/**
 * A cheap guess at a text's language: by script where that decides, else by counting the commonest small words. "und"
 * when unsure: in short texts with few such words, or with words that several languages share. Pure; looks at the first 2,000 characters, which is enough to decide.
 */
export function guessLanguage(text: string): LanguageGuess {
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const letters = count(sample, /\p{L}/gu);
  if (letters === 0) return "und";
  for (const [language, script, share] of SCRIPTS) {
    if (count(sample, script) / letters >= share) return language;
  }
  return byCommonWords(sample);
}

const SAMPLE_CHARACTERS = 2_000;

/** In this order: Japanese mixes kana into Han, so kana is asked for first. */
const SCRIPTS: readonly (readonly [LanguageGuess, RegExp, number])[] = [
  ["ja", /[\p{sc=Hiragana}\p{sc=Katakana}]/gu, 0.1],
  ["ko", /\p{sc=Hangul}/gu, 0.3],
  ["zh", /\p{sc=Han}/gu, 0.3],
  ["ru", /\p{sc=Cyrillic}/gu, 0.5],
  ["ar", /\p{sc=Arabic}/gu, 0.5],
];

const COMMON: readonly (readonly [LanguageGuess, string])[] = [
  [
    "en",
    "the and of to is was are you that it for with have this what my i we he she they them not no in on at by from or " +
      "but be been has had do does did will would can could should me your his her their our who when where how which " +
      "than then before after about into over as an if so only never always please there it's don't i'm",
  ],
  [
    "de",
    "der die das und ist nicht ich mit ein eine einen zu auf für wir sie es den dem von im am bei aus auch sich war hat " +
      "habe haben sind wird nach kein keine mein meine wie um oder aber nur in an so",
  ],
  [
    "fr",
    "le la les et est une des je pas que pour dans vous avec du il un elle nous sont sur au aux ce cette mon ma mes ne " +
      "plus qui ou mais se son sa en tu de à y",
  ],
  [
    "es",
    "el la los las y es una que de por con para no se mi como está un del en al su lo le más pero muy yo tu ni son hay " +
      "fue está a o me este esta cuando donde dónde",
  ],
  [
    "it",
    "il la che di è una per non con sono mi gli della ho come si un lo le del dei nel al da ma più questo questa anche " +
      "e i o in a ha hai io se su",
  ],
  [
    "pt",
    "o a os as e é uma um que de para não com eu em do da dos das você no na por mais mas se meu minha ao está como " +
      "foi são me",
  ],
  [
    "nl",
    "de het een en is niet ik van dat met voor zijn op je wij was te in aan er maar om ook naar bij hij heb heeft geen " +
      "mijn uit we of die dan",
  ],
];

/** Letters and signs that only one of the languages has. */
const MARKS: readonly (readonly [LanguageGuess, RegExp])[] = [
  ["de", /ß/],
  ["es", /[ñ¿¡]/],
  ["pt", /[ãõ]/],
];

/** What a word says for a language: 1 when only it has the word, less the more languages share it. */
const EVIDENCE: ReadonlyMap<string, readonly LanguageGuess[]> = (() => {
  const languages = new Map<string, LanguageGuess[]>();
  for (const [language, words] of COMMON)
    for (const word of new Set(words.split(" ")))
      languages.set(word, [...(languages.get(word) ?? []), language]);
  return languages;
})();

/** Evidence below which, and lead over the next language below which, nothing is said. */
const LEAST_EVIDENCE = 1;
const LEAST_LEAD = 1.5;

function byCommonWords(sample: string): LanguageGuess {
  const evidence = new Map<LanguageGuess, number>();
  const add = (language: LanguageGuess, amount: number): void => {
    evidence.set(language, (evidence.get(language) ?? 0) + amount);
  };
  for (const word of sample.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)?/gu) ?? []) {
    const languages = EVIDENCE.get(word.replace("’", "'")) ?? [];
    for (const language of languages) add(language, 1 / languages.length);
  }
  for (const [language, mark] of MARKS) if (mark.test(sample.toLowerCase())) add(language, 1);
  const [[best, most] = ["und", 0] as const, [, next] = ["und", 0] as const] = [
    ...evidence,
  ].toSorted(([, one], [, other]) => other - one);
  return most >= LEAST_EVIDENCE && most >= LEAST_LEAD * next ? best : "und";
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
