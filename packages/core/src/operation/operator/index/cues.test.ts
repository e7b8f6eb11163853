import { expect, it } from "vitest";
import { readCues, statesPreference } from "./cues.ts";

it.each([
  ["When did Ada move?", { time: true }],
  ["How long have they been married?", { time: true }],
  ["Which books has Ada read?", { several: true }],
  ["How many children does Tom have?", { several: true }],
  ["What is Ada's job?", { several: false, time: false, advice: false }],
  ["What was the class about?", { several: false }],
  ["Can you recommend a film?", { advice: true, role: "user" }],
  ["Suggest a drink for the afternoon.", { advice: true, role: "user" }],
  ["Which jacket should I buy?", { advice: true, role: "user" }],
  ["Which film did you recommend?", { advice: false, role: "assistant" }],
  ["What was the place called that you recommended in Rome?", { advice: false, role: "assistant" }],
  ["What did Caroline suggest?", { advice: false, role: undefined }],
  ["Where did I use to live, before Lisbon?", { past: true, role: "user" }],
  ["What did you say about the route?", { role: "assistant" }],
  ["What did you tell me about my route?", { role: undefined }],
  ["Which git command did you give me to undo a commit?", { role: "assistant" }],
  ["On which weekday is the class?", { time: true }],
  ["What time does the party start?", { time: true, number: true }],
  ["How much is the deposit?", { number: true, code: false }],
  ["What is the serial number of Mara's laptop?", { code: true }],
  ["What's my wifi password?", { code: true }],
  ["What is the name of my cat?", { number: false, code: false }],
  ["Where does Mara live now?", { current: true }],
  ["Where do I live?", { current: false }],
])("reads %j", (question, cues) => {
  expect(readCues(question)).toMatchObject(cues);
});

it.each([
  ["I really love old maps.", true],
  ["I can't stand mushrooms", true],
  ["My favourite is the blue one.", true],
  ["I'm vegetarian.", true],
  ["We went to the lake.", false],
])("knows whether %j states a preference", (text, expected) => {
  expect(statesPreference(text)).toBe(expected);
});
