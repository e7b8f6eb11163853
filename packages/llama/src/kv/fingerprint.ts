import { canonicalJson } from "@memcube/core";
import { z } from "zod";

import type { KvIdentity } from "./types.ts";

/** Everything that decides a state's bytes beside model file, LoRA set and tokens. */
type EngineParts = Omit<KvIdentity, "modelSha256" | "lora">;

const partsSchema = z.strictObject({
  engineBuild: z.string(),
  backend: z.string(),
  kvTypes: z.strictObject({ key: z.string(), value: z.string() }),
  contextParameters: z.string(),
  batchSchedule: z.string(),
});

/** Which part differs, as a reason for not taking a state in; compared in this order. */
const REFUSALS = {
  engineBuild: "foreign-build",
  backend: "foreign-backend",
  kvTypes: "foreign-cache-types",
  contextParameters: "foreign-context",
  batchSchedule: "foreign-batches",
} as const satisfies Record<keyof EngineParts, string>;

/** A part of the engine that is another one; `found` is the state's. */
export interface EngineDifference {
  readonly reason: (typeof REFUSALS)[keyof EngineParts] | "foreign-engine";
  readonly expected: string;
  readonly found: string;
}

/** The engine's parts as one text: equal for states that may stand for each other. */
export function engineKeyOf(identity: EngineParts): string {
  const { engineBuild, backend, kvTypes, contextParameters, batchSchedule } = identity;
  const { key, value } = kvTypes;
  const types = { key, value };
  return canonicalJson({ engineBuild, backend, kvTypes: types, contextParameters, batchSchedule });
}

/** The parts of a key; `undefined` for a text that is none. */
export function enginePartsIn(engineKey: string): EngineParts | undefined {
  try {
    return partsSchema.parse(JSON.parse(engineKey));
  } catch {
    return undefined;
  }
}

/** How the engine of a state differs from the expected one; `undefined` when it does not. */
export function engineDifference(expected: string, found: string): EngineDifference | undefined {
  if (expected === found) return undefined;
  const [here, there] = [enginePartsIn(expected), enginePartsIn(found)];
  if (here !== undefined && there !== undefined) {
    for (const part of Object.keys(REFUSALS) as (keyof EngineParts)[]) {
      const [own, other] = [text(here[part]), text(there[part])];
      if (own !== other) return { reason: REFUSALS[part], expected: own, found: other };
    }
  }
  return { reason: "foreign-engine", expected, found };
}

function text(part: EngineParts[keyof EngineParts]): string {
  return typeof part === "string" ? part : `${part.key} keys, ${part.value} values`;
}
