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
])("guesses %j", (text, language) => {
  expect(guessLanguage(text)).toBe(language);
});
