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
 * A cheap guess at a text's language: by script where that decides, else by counting the commonest small words. Short
 * texts without such words are "und". Pure; looks at the first 2,000 characters, which is enough to decide.
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

const COMMON: readonly (readonly [LanguageGuess, ReadonlySet<string>])[] = [
  ["en", new Set("the and of to is was you that it for with have this what are my".split(" "))],
  ["de", new Set("der die das und ist nicht ich mit ein eine zu auf für wir sie es".split(" "))],
  ["fr", new Set("le la les et est une des je pas que pour dans vous avec du il".split(" "))],
  ["es", new Set("el la los y es una que de por con para no se mi como está".split(" "))],
  ["it", new Set("il la che di è una per non con sono mi gli della ho come si".split(" "))],
  ["pt", new Set("o a os e é uma que de para não com eu em do da você".split(" "))],
  ["nl", new Set("de het een en is niet ik van dat met voor zijn op je wij was".split(" "))],
];

function byCommonWords(sample: string): LanguageGuess {
  const words = sample.toLowerCase().match(/\p{L}+/gu) ?? [];
  let best: LanguageGuess = "und";
  let most = 0;
  for (const [language, common] of COMMON) {
    const seen = words.filter((word) => common.has(word)).length;
    if (seen > most) [best, most] = [language, seen];
  }
  return best;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
