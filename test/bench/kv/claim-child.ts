/**
 * Fills one prefix from a directory, each page slowed down, and says how far it is: `ready`, `page N`, then
 * what came of it as JSON. Begins when a line comes.
 *
 * Arguments: directory, tokens, milliseconds per page, tokens of another prefix to measure its own pace by.
 */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { openKvStore } from "../../../packages/llama/src/kv/kv-store.ts";
import { someTokens, testLlama, testModel } from "../../../packages/llama/src/kv/testing.ts";
import type { KvSequence } from "../../../packages/llama/src/kv/types.ts";
import { tinyModel } from "../../../packages/llama/src/testing/index.ts";

const [directory = "", tokens = "0", pageMs = "0", before = "0"] = process.argv.slice(2);
const llama = await testLlama();
const model = await testModel(llama, await tinyModel());
const [sequence] = await model.sequences(1, { contextSize: 4_096 });
if (sequence === undefined) throw new Error("no sequence");
const store = await openKvStore({ directory });
let prefilled = 0;
const slowed = {
  ...sequence,
  prefill: async (part: readonly number[], options?: { readonly signal?: AbortSignal }) => {
    await delay(Number(pageMs), undefined, options);
    await sequence.prefill(part);
    prefilled += part.length;
    console.log(`page ${prefilled / 256}`);
  },
};
const fillOf = async (who: KvSequence, prefix: readonly number[]) =>
  await store.fill(who, { scope: "", tokens: prefix });
await fillOf(slowed, someTokens(Number(before), process.pid));
prefilled = 0;
console.log("ready");
await once(process.stdin, "data");
const began = performance.now();
const filled = await fillOf(slowed, someTokens(Number(tokens)));
const ms = performance.now() - began;
await filled.saved;
await store.close();
const answer = await sequence.greedy(someTokens(9, 5), 8);
const { restoredTokens, prefilledTokens } = filled;
console.log(JSON.stringify({ ms, prefilled, restoredTokens, prefilledTokens, answer }));
await llama.dispose();
process.exit(0);
