import { expect, it } from "vitest";
import { hanCharacters, tokenize } from "./tokenize.ts";

it.each([
  ["Ada's new dog, Pixel!", ["ada", "new", "dog", "pixel"]],
  ["Café Zürich", ["cafe", "zurich"]],
  ["10,000 or 1,234,567 but 1,2", ["10000", "or", "1234567", "but", "1", "2"]],
  ["ﬁne Ｗｉｄｅ", ["fine", "wide"]],
  ["我住在北京", ["我住", "住在", "在北", "北京"]],
  ["茶", ["茶"]],
  ["東京タワーへ行く", ["東京", "京タ", "タワ", "ワー", "ーへ", "へ行", "行く"]],
  ["서울 여행", ["서울", "여행"]],
  ["GPT模型v2", ["gpt", "模型", "v2"]],
  ["Привет, мир", ["привет", "мир"]],
  ["... !?", []],
  ["", []],
])("cuts %j", (text, words) => {
  expect(tokenize(text)).toEqual(words);
});

it("gives Chinese characters one by one", () => {
  expect(hanCharacters("我喝茶, tea 茶")).toEqual(["我", "喝", "茶"]);
  expect(hanCharacters("plain")).toEqual([]);
  expect(hanCharacters("サ é")).toEqual([]);
});
