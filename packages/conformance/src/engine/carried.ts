import type { Engine, EngineUsage, KvState } from "@memcube/core";

import { assert, rejects } from "../kit/checks.ts";
import { ask, longQuestion } from "./ask.ts";
import { engineRulesOf } from "./engine-rule.ts";

/** How the system message of a long question ends. */
const STAYS = "Fact 79 is that item 553 is blue.";

/** Asks with a system message that ends in something of the moment. */
async function told(engine: Engine, said: string, scope: string, ends = ""): Promise<EngineUsage> {
  const { messages, ...rest } = longQuestion(said, { cacheScope: scope, stableThrough: STAYS });
  const [system, ...others] = messages;
  const text = `${system?.role === "system" ? system.text : ""}${ends}`;
  return (await ask(engine, { ...rest, messages: [{ role: "system", text }, ...others] })).usage;
}

const carried = engineRulesOf("states of cubes", {
  "a state of what stays the same has nothing else in it": async ({ engine }) => {
    const scope = `carried-${Date.now()}`;
    const one = (await told(engine, "My secret is blue", scope)).stableState;
    if (engine.states === undefined) return assert.equal(one, undefined);
    assert.ok(one !== undefined && one.tokens > 0, "there is a state");
    const other = (await told(engine, "Who?", scope, "\n\nOf the moment: ".repeat(200)))
      .stableState;
    assert.deepEqual(other, one);
    const state = await engine.states.take(scope, one.key);
    assert.ok(state !== undefined);
    assert.equal(state.tokensSha256, one.tokensSha256);
    assert.equal(state.modelSha256, engine.model.sha256);
    assert.equal(await engine.states.take(`${scope}-other`, one.key), undefined);
  },

  "an offered state is read for a prompt that begins with it, and for no other": async ({
    engine,
  }) => {
    if (engine.states === undefined) return;
    const scope = `offered-${Date.now()}`;
    const { key = "" } = (await told(engine, "Who?", scope)).stableState ?? {};
    const state = await engine.states.take(scope, key);
    assert.ok(state !== undefined);
    const { tokenCount, tokensSha256, lora } = state;
    const refusals: string[] = [];
    let read = 0;
    const offer = (place: string, given: KvState | undefined) =>
      engine.states?.offer(place, {
        id: "offer",
        tokenCount,
        tokensSha256,
        lora,
        read: () => Promise.resolve((read++, given)),
        refused: (reason) => void refusals.push(reason),
      });
    const there = `${scope}-there`;
    offer(there, state);
    await ask(engine, { ...longQuestion("Hi"), messages: [{ role: "user", text: "Hi" }] });
    assert.equal((await told(engine, "Who?", `${there}-other`)).cachedTokens, 0);
    assert.equal(read, 0);
    assert.equal((await told(engine, "Where?", there)).cachedTokens, tokenCount);
    assert.equal(read, 1);
    // What is not what it is said to be costs a prompt that is computed, and is told of.
    const wrong = `${scope}-wrong`;
    offer(wrong, { ...state, pages: state.pages.map((page) => page.subarray(1)) });
    assert.equal((await told(engine, "Where?", wrong)).cachedTokens, 0);
    assert.equal(refusals.length, 1);
  },

  "a LoRA for another model is refused": async ({ engine }) => {
    if (engine.takeLora === undefined) return;
    const about = { architecture: engine.model.architecture, rank: 1, alpha: 1 };
    const file = { ...about, bytes: new Uint8Array(64) };
    const foreign = engine.takeLora({ ...file, baseModelSha256: "f".repeat(64) });
    await rejects(foreign, "MEMCUBE_LORA_INVALID");
    const damaged = engine.takeLora({ ...file, baseModelSha256: engine.model.sha256 });
    await rejects(damaged, "MEMCUBE_LORA_INVALID");
  },
});

export const carriedRules = carried.map((rule) => ({ ...rule, needs: "generate" as const }));
