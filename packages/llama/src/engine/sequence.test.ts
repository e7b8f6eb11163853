import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Token } from "node-llama-cpp";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import { tinyModel } from "../testing/tiny-model.ts";
import type { OpenContext } from "./contexts.ts";
import { fillWithoutStore, wholePages } from "./fill.ts";
import { type OpenedModel, openModel } from "./open-model.ts";
import { parseOptions } from "./options.ts";
import type { EngineSequence } from "./sequence.ts";

let opened: OpenedModel;
let context: OpenContext<EngineSequence>;
let sequence: EngineSequence;
let folder: string;

/** Tokens of plain bytes, another list for another seed. */
const tokens = (count: number, seed = 1): number[] =>
  Array.from({ length: count }, (_, at) => (at * 31 * seed + seed) % 250);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-sequence-"));
  const model = await tinyModel();
  opened = await openModel(parseOptions({ model, threads: 1, contextSize: 1_536 }));
  context = await opened.openContext([]);
  ({ sequence } = context);
});
beforeEach(async () => {
  await sequence.truncate(0);
});
afterAll(async () => {
  await context.dispose();
  await opened.dispose();
  await rm(folder, { recursive: true });
});

async function generate(from: readonly number[], count: number): Promise<number[]> {
  const made: number[] = [];
  const input = from as Token[];
  for await (const token of sequence.native.evaluate(input, { yieldEogToken: true })) {
    made.push(token);
    if (made.length === count) break;
  }
  return made;
}

it("counts whole pages that were read as such, and nothing else", async () => {
  expect(sequence.exactTokens()).toBe(0);
  await sequence.prefill(tokens(300));
  expect(sequence.tokens()).toEqual(tokens(300));
  expect(sequence.exactTokens()).toBe(256);
  // The second page was read in two pieces: its numbers were added up in another order.
  await sequence.prefill(tokens(300, 2));
  expect(sequence.tokens()).toHaveLength(600);
  expect(sequence.exactTokens()).toBe(256);
  await sequence.truncate(255);
  expect(sequence.tokens()).toHaveLength(255);
  expect(sequence.exactTokens()).toBe(0);
});

it("does not count what was generated", async () => {
  await sequence.prefill(tokens(256));
  const made = await generate([1, 2, 3], 300);
  expect(sequence.tokens().length).toBeGreaterThan(512);
  expect(sequence.exactTokens()).toBe(256);
  const next = [...tokens(256), 1, 2, 3, ...made, 9];
  const filled = await fillWithoutStore(sequence, {
    scope: "",
    tokens: next.slice(0, wholePages(next.length)),
  });
  expect(filled).toMatchObject({ keptTokens: 256, prefilledTokens: 256 });
});

it("keeps whole pages of what two prompts share", async () => {
  const first = tokens(1_024);
  const second = [...first.slice(0, 600), ...tokens(424, 3)];
  await fillWithoutStore(sequence, { scope: "", tokens: first });
  const filled = await fillWithoutStore(sequence, { scope: "", tokens: second });
  expect(filled).toMatchObject({ keptTokens: 512, prefilledTokens: 512, restoredTokens: 0 });
  expect(sequence.tokens()).toEqual(second);
  const warm = await generate([5], 24);
  await sequence.truncate(0);
  await fillWithoutStore(sequence, { scope: "", tokens: second });
  expect(await generate([5], 24)).toEqual(warm);
});

it("goes on from a state that was saved as from the one it was", async () => {
  const path = join(folder, "state");
  await sequence.prefill(tokens(512));
  await sequence.saveState(path);
  const expected = await generate([7, 8], 24);
  await sequence.truncate(0);
  await sequence.loadState(path);
  expect(sequence.tokens()).toEqual(tokens(512));
  expect(sequence.exactTokens()).toBe(512);
  expect(await generate([7, 8], 24)).toEqual(expected);
});

it("is empty, and of use, after a state that could not be loaded", async () => {
  await sequence.prefill(tokens(512));
  const expected = await generate([7, 8], 24);
  await expect(sequence.loadState(join(folder, "none"))).rejects.toThrow("Failed to load state");
  expect(sequence.tokens()).toEqual([]);
  expect(sequence.exactTokens()).toBe(0);
  await sequence.prefill(tokens(512));
  expect(await generate([7, 8], 24)).toEqual(expected);
});

it("forgets pages that something else than the prompt was put in the place of", async () => {
  await sequence.prefill(tokens(512));
  sequence.keepExact(tokens(512));
  expect(sequence.exactTokens()).toBe(512);
  sequence.keepExact([...tokens(300), ...tokens(212, 2)]);
  expect(sequence.exactTokens()).toBe(256);
});

it("stops between two pages", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(sequence.prefill(tokens(512), { signal })).rejects.toBe(reason);
  expect(sequence.tokens()).toEqual([]);
});

it.each([
  [0, 0],
  [1, 0],
  [256, 0],
  [257, 256],
  [512, 256],
  [513, 512],
])("of %i tokens of a prompt %i are whole pages before its last token", (prompt, pages) => {
  expect(wholePages(prompt)).toBe(pages);
});
