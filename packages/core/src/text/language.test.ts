import { expect, it } from "vitest";
import { guessLanguage } from "./language.ts";

it.each([
  ["What are the plans for my trip?", "en"],
  ["Ich habe das Buch nicht mit dabei", "de"],
  ["Je ne suis pas dans la maison avec vous", "fr"],
  ["¿Dónde está mi libro y el de mi hermana?", "es"],
  ["用户住在北京", "zh"],
  ["会議は火曜日です", "ja"],
  ["저는 서울에 살아요", "ko"],
  ["Я живу в Москве", "ru"],
  ["12345 !", "und"],
  ["Zyx", "und"],
  ["No meetings before ten", "en"],
  ["Call me no later than ten", "en"],
  ["No sushi", "und"],
  ["Ada Lovelace, Lisbon", "und"],
  ["La Paz", "und"],
  ["Prefers dark mode", "und"],
  ["The team meets every Tuesday at ten.", "en"],
  ["I never drink coffee after two", "en"],
  ["Der Server steht in Nürnberg.", "de"],
  ["Das Büro schließt um sieben", "de"],
  ["No como carne y vivo en Madrid", "es"],
  ["Prefiero reuniones después de las diez", "es"],
  ["Abito a Roma con mia sorella e non mangio carne", "it"],
  ["Eu moro em Lisboa e não como carne", "pt"],
  ["J'habite à Paris avec ma sœur", "fr"],
  ["Ik woon in Utrecht en eet geen vlees", "nl"],
])("guesses %j", (text, language) => {
  expect(guessLanguage(text)).toBe(language);
});
