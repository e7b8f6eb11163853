import { emit } from "../../../events.ts";
import type { StateMemory } from "../../../operation/scheduler/index.ts";
import type { StateOffer } from "../../../ports/index.ts";
import type { OpenCube } from "../context.ts";
import { recallState } from "./recall.ts";

/** States that an engine could not use in this process, by memory and version: the few that are damaged. */
const refused = new Set<string>();
const REFUSED_KEPT = 1_000;

/** Whether no engine of this process has refused it. */
export function isUsable(cube: OpenCube, state: StateMemory): boolean {
  return !refused.has(keyOf(cube, state));
}

/** A state for an engine to ask for; it is read with the rights that the caller has then. */
export function offerOf(cube: OpenCube, state: StateMemory): StateOffer {
  const { header, payload } = state;
  const { tokenCount, tokensSha256, lora, modelSha256, engineKey } = payload;
  const refuse = (reason: string) => {
    if (refused.size < REFUSED_KEPT) refused.add(keyOf(cube, state));
    tellLeft(cube, header.id, reason);
  };
  return {
    id: header.id,
    tokenCount,
    tokensSha256,
    lora,
    read: async () => {
      const recalled = await recallState(cube, header.id, { modelSha256, engineKey });
      const reason = recalled?.refused;
      if (reason === "bytes-missing" || reason === "bytes-damaged") refuse(reason);
      return recalled?.state;
    },
    refused: refuse,
  };
}

/** Tells whoever listens that a LoRA or state of a plan is not used. */
export function tellLeft({ ref }: OpenCube, memoryId: string, reason: string): void {
  emit("memcube:plan", { ...ref, memoryId, reason });
}

function keyOf({ ref }: OpenCube, { header, version }: StateMemory): string {
  return JSON.stringify([ref.tenantId, ref.cubeId, header.id, version.number]);
}
