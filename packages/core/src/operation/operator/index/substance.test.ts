import { expect, it } from "vitest";
import { indexTerms } from "../../../text/index.ts";
import { holdsCode, holdsNumber, saysSomething } from "./substance.ts";

it.each([
  ["Please. I'm too sad to think.", false],
  ["Thank you so much!", false],
  ["okay", false],
  ["That's very helpful, thanks!", false],
  ["", false],
  ["At seven.", true],
  ["From my uncle in Cork.", true],
  ["A green wool scarf, hand knitted.", true],
  ["我喜欢喝绿茶", true],
])("knows whether %j says something", (text, expected) => {
  expect(saysSomething(text, indexTerms(text))).toBe(expected);
});

it.each([
  ["serial number TB14-77K2-0931", true],
  ["call 0151 4477 902", true],
  ["the key is STAGE_KEY_7F2", true],
  ["in the vault under teams/orion/staging", true],
  ["write to ada@example.org", true],
  ["the colour is #0047AB", true],
  ["booking code QX7RLM", true],
  ["We have 12 guests", false],
  ["either and/or both", false],
  ["Great, the trip was well-known", false],
])("knows whether %j holds a code", (text, expected) => {
  expect(holdsCode(text)).toBe(expected);
});

it("knows numbers in digits and in words", () => {
  expect(holdsNumber("three cats")).toBe(true);
  expect(holdsNumber("12 guests")).toBe(true);
  expect(holdsNumber("often")).toBe(false);
});
