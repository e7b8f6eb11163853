import { expect, test } from "vitest";

import type { KvState } from "../../../flow/index.ts";
import { sha256Hex } from "../../../memory/index.ts";
import type { Engine } from "../../../ports/index.ts";
import { testOS } from "../../../testing/test-os.ts";
import type { Promotion } from "../context.ts";
import type { MemCube } from "../mem-cube.ts";

const MODEL = { id: "model", sha256: "a".repeat(64), architecture: "llama", contextTokens: 4_096 };

/** An engine of which only the states are there: each key names a state of its own. */
function engineOf(pageBytes: number) {
  const taken: string[] = [];
  const stateOf = (key: string): KvState => ({
    modelSha256: MODEL.sha256,
    engineKey: "engine",
    lora: [],
    tokenCount: 256,
    tokensSha256: sha256Hex(key),
    pages: [new Uint8Array(pageBytes).fill(taken.length)],
  });
  const engine = {
    model: MODEL,
    count: (text: string) => text.length,
    forgetTenant: () => Promise.resolve(),
    states: {
      engineKey: "engine",
      offer: () => undefined,
      take: (_: string, key: string) => {
        taken.push(key);
        return Promise.resolve(stateOf(key));
      },
    },
  };
  return { engine: engine as unknown as Engine, taken };
}

async function setUp(
  promotion: Partial<Pick<Promotion, "afterUses" | "budgetBytes">>,
  pageBytes = 10,
) {
  const { engine, taken } = engineOf(pageBytes);
  const { os, clock } = testOS({ engines: { model: engine }, promotion });
  const ada = os.as({ userId: "ada" });
  const cube = await ada.cube("user:ada");
  await cube.add({ type: "preference", text: "Ada likes tea." });
  const use = async (key: string) => {
    const plan = await ada.prepare({ messages: "a", model: "model" });
    await plan.handOver();
    const throughSha256 = sha256Hex(plan.stable);
    const stableState = { throughSha256, key, tokens: 256, tokensSha256: sha256Hex(key) };
    await plan.report({ engine: { stableState } });
    await os.idle();
  };
  return { os, clock, cube, use, taken };
}

async function states(cube: MemCube) {
  return (await cube.list({ kinds: ["activation"], limit: 1_000 })).items;
}

test("what is too large for the budget is taken once in a hundred uses", async () => {
  const { cube, use, taken } = await setUp({ afterUses: 3, budgetBytes: 9 });
  for (let at = 0; at < 102; at += 1) await use("prompt");
  expect(taken).toHaveLength(1);
  await use("prompt");
  expect(taken).toHaveLength(2);
  expect(await states(cube)).toEqual([]);
});

test("what somebody erased is not back with the next uses", async () => {
  const { cube, use, taken } = await setUp({ afterUses: 2 });
  for (const _ of [1, 2]) await use("prompt");
  const [state] = await states(cube);
  await cube.erase(state!.header.id);
  for (const _ of [1, 2, 3, 4]) await use("prompt");
  expect(await states(cube)).toEqual([]);
  expect(taken).toHaveLength(1);
});

test("a user has a hundred such states at most, the newest", async () => {
  const { cube, clock, use } = await setUp({ afterUses: 1 });
  for (let at = 0; at < 103; at += 1) {
    clock.advance(1_000);
    await use(`prompt ${at}`);
  }
  const kept = (await states(cube)).map(({ payload }) => payload);
  expect(kept).toHaveLength(100);
  const digests = kept.map((payload) => payload.type === "kv-state" && payload.tokensSha256);
  expect(digests).not.toContain(sha256Hex("prompt 2"));
  expect(digests).toContain(sha256Hex("prompt 3"));
}, 60_000);
