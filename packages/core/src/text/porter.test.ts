import { expect, it } from "vitest";
import { stem } from "./porter.ts";

it.each([
  // The paper's own examples, through all steps.
  ["caresses", "caress"], ["ponies", "poni"], ["cats", "cat"], ["feed", "feed"], ["agreed", "agre"],
  ["plastered", "plaster"], ["motoring", "motor"], ["sing", "sing"], ["conflated", "conflat"], ["troubled", "troubl"],
  ["sized", "size"], ["hopping", "hop"], ["tanned", "tan"], ["falling", "fall"], ["hissing", "hiss"],
  ["failing", "fail"], ["filing", "file"], ["happy", "happi"], ["sky", "sky"], ["relational", "relat"],
  ["conditional", "condit"], ["rational", "ration"], ["digitizer", "digit"], ["vietnamization", "vietnam"],
  ["operator", "oper"], ["feudalism", "feudal"], ["decisiveness", "decis"], ["hopefulness", "hope"],
  ["triplicate", "triplic"], ["formative", "form"], ["electrical", "electr"], ["goodness", "good"],
  ["revival", "reviv"], ["allowance", "allow"], ["adjustable", "adjust"], ["replacement", "replac"],
  ["adoption", "adopt"], ["communism", "commun"], ["probate", "probat"], ["rate", "rate"], ["cease", "ceas"],
  ["controll", "control"], ["roll", "roll"],
  // Left alone.
  ["is", "is"], ["abc123", "abc123"], ["café", "café"],
])("stems %s to %s", (word, expected) => {
  expect(stem(word)).toBe(expected);
});
