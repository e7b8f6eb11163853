import { expect, test } from "vitest";

import type { Memory } from "../../memory/index.ts";
import { chooseStates, outdatedStates, type StateMemory } from "./choose-states.ts";

const WANTED = {
  modelSha256: "model",
  engineKey: "engine",
  sources: [
    { id: "tea", version: 2 },
    { id: "lora", version: 1 },
  ],
  scales: [0.5, 1],
};

function state(id: string, change: object = {}, versions: Readonly<Record<string, number>> = {}) {
  const made = { lora: 1, tea: 2, ...versions };
  const edges = Object.entries(made).map(([to, toVersion]) => ({
    type: "derived-from",
    to: { cubeId: "c", id: to },
    toVersion,
  }));
  const lora = [
    { sha256: "b", scale: 1 },
    { sha256: "a", scale: 0.5 },
  ];
  const payload = { modelSha256: "model", engineKey: "engine", lora, ...change };
  return { header: { id }, payload, edges } as unknown as StateMemory;
}

const ids = (states: readonly StateMemory[]) => states.map(({ header }) => header.id);

test("a state fits when all is the same that it was made of and for", () => {
  const fitting = state("fits");
  const others = [
    state("other-model", { modelSha256: "x" }),
    state("other-engine", { engineKey: "x" }),
    state("other-scale", { lora: [{ sha256: "b", scale: 1 }] }),
    state("other-version", {}, { tea: 1 }),
    state("one-more", {}, { coffee: 1 }),
  ];
  expect(ids(chooseStates([...others, fitting], WANTED))).toEqual(["fits"]);
  expect(chooseStates([fitting], { ...WANTED, sources: WANTED.sources.slice(1) })).toEqual([]);
  expect(
    chooseStates(
      Array.from({ length: 20 }, () => fitting),
      WANTED,
    ),
  ).toHaveLength(8);
});

test("one made from another version of what is known now is outdated", () => {
  const known = [{ header: { id: "tea" }, version: { number: 2 } }] as unknown as Memory[];
  const states = [state("fits"), state("old", {}, { tea: 1 }), state("newer", {}, { tea: 3 })];
  expect(ids(outdatedStates(states, known))).toEqual(["old", "newer"]);
});
