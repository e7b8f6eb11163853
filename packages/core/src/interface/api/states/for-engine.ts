import { toMemory } from "../../../infrastructure/vault/index.ts";
import { LIVE_STATES, type Memory, type PayloadType } from "../../../memory/index.ts";
import { relevanceOf } from "../../../operation/operator/index.ts";
import type { LoraCandidate, StateMemory } from "../../../operation/scheduler/index.ts";
import type { Engine } from "../../../ports/index.ts";
import type { OpenCube } from "../context.ts";
import { seesAll, sourceIds } from "./recall.ts";

/** LoRAs and KV states looked at per cube, the newest: more than anybody keeps for one model. */
const LOOKED_AT = 100;

/** What one cube holds for a model, as far as the caller may read it. */
export interface ForEngine {
  readonly cube: OpenCube;
  readonly loras: readonly Memory[];
  readonly states: readonly StateMemory[];
}

/** Reads it; the caller's right to read the cube is decided beside it. */
export async function readForEngine(cube: OpenCube, engine: Engine): Promise<ForEngine> {
  const [loras, states] = await Promise.all([
    engine.takeLora === undefined ? [] : lorasFor(cube, engine),
    engine.states === undefined ? [] : statesIn(cube),
  ]);
  return { cube, loras, states };
}

/** The LoRAs of all cubes, the nearest cube's first, each looked at only if it must be. */
export function loraCandidates(
  found: readonly ForEngine[],
  question: string,
  now: number,
): readonly LoraCandidate[] {
  return found.flatMap(({ loras }, distance) =>
    loras.map((memory) => ({
      memory,
      distance,
      relevance: () => relevanceOf(descriptionOf(memory), question, now),
    })),
  );
}

async function lorasFor(cube: OpenCube, { model }: Engine): Promise<readonly Memory[]> {
  const loras: Memory[] = [];
  for (const memory of await newest(cube, "lora")) {
    const { payload } = memory;
    if (payload.type !== "lora" || payload.baseModelSha256 !== model.sha256) continue;
    if (await seesAll(cube, sourceIds(memory))) loras.push(memory);
  }
  return loras;
}

async function statesIn(cube: OpenCube): Promise<readonly StateMemory[]> {
  return (await newest(cube, "kv-state")).filter(isState);
}

async function newest(
  { context, ref, principals }: OpenCube,
  type: PayloadType,
): Promise<readonly Memory[]> {
  const { items } = await context.storage.vault.list(ref, {
    access: { principals },
    filter: { types: [type], states: LIVE_STATES },
    now: context.clock.now(),
    order: "newest",
    limit: LOOKED_AT,
  });
  return items.map((stored) => toMemory(ref, stored));
}

function isState(memory: Memory): memory is StateMemory {
  return memory.payload.type === "kv-state";
}

function descriptionOf({ payload }: Memory): string {
  return payload.type === "lora" ? (payload.description ?? "") : "";
}
