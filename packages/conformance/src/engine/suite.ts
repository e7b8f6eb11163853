import type { Engine } from "@memcube/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { carriedRules } from "./carried.ts";
import type { EngineRule, MakeEngine } from "./engine-rule.ts";
import { generateRules } from "./generate.ts";
import { engineVectorRules } from "./vectors.ts";

/** Every rule of an engine. */
export const ENGINE_RULES: readonly EngineRule[] = [
  ...generateRules,
  ...carriedRules,
  ...engineVectorRules,
];

/**
 * Declares a test for each rule of an engine. There is no option: what its `capabilities` declare must
 * work, and what they do not must be refused.
 *
 * @param name of the engine, for the titles of the tests
 */
export function engineConformance(name: string, make: MakeEngine): void {
  describe(`${name}: engine`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await make();
    });
    afterAll(async () => {
      await engine.close();
    });
    for (const rule of ENGINE_RULES) {
      test(`${rule.topic}: ${rule.name}`, async ({ skip }) => {
        const { needs } = rule;
        if (needs !== undefined && !engine.capabilities[needs]) skip(`it does not ${needs}`);
        // A rule rejects when it is broken.
        expect(await rule.run({ engine, another: make })).toBeUndefined();
      });
    }
  });
}
